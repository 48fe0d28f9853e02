// string_decoder: text of bytes that come in pieces.
import { Buffer } from 'buffer';

/** How many bytes at the end of b are the start of a character. */
function open(b: any, encoding: string): number {
  if (encoding === 'utf16le') {
    const odd = b.length % 2, end = b.length - odd;
    return end >= 2 && b[end - 1] >= 0xd8 && b[end - 1] <= 0xdb ? odd + 2 : odd;
  }
  if (encoding.startsWith('base64')) return b.length % 3;
  if (encoding !== 'utf8') return 0;
  for (let i = 1; i <= Math.min(3, b.length); i++) {
    const c = b[b.length - i];
    if (c >= 0xc0) return (c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2) > i ? i : 0;
    if (c < 0x80) return 0;
  }
  return 0;
}
export class StringDecoder {
  encoding: string;
  #rest: any = Buffer.alloc(0);
  constructor(encoding = 'utf8') {
    const e = String(encoding).toLowerCase();
    if (!Buffer.isEncoding(e)) throw Object.assign(new TypeError(`Unknown encoding: ${encoding}`), { code: 'ERR_UNKNOWN_ENCODING' });
    this.encoding = ({ 'utf-8': 'utf8', ucs2: 'utf16le', 'ucs-2': 'utf16le', 'utf-16le': 'utf16le', binary: 'latin1' } as any)[e] ?? e;
  }
  write(b: any): string {
    if (typeof b === 'string') return b;
    const all = this.#rest.length ? Buffer.concat([this.#rest, b]) : Buffer.from(b);
    const cut = all.length - open(all, this.encoding);
    this.#rest = all.subarray(cut);
    return all.subarray(0, cut).toString(this.encoding);
  }
  end(b?: any): string {
    const s = (b === undefined ? '' : this.write(b)) + this.#rest.toString(this.encoding);
    this.#rest = Buffer.alloc(0);
    return s;
  }
}
