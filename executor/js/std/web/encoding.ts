// Text and bytes; the work is Go's.

declare const __native: {
  encode(s: string): ArrayBuffer;
  decode(b: ArrayBuffer, offset: number, length: number, label: string, fatal: boolean, bom: boolean): string;
  label(l: string): string;
  atob(s: string): string | undefined;
  btoa(s: string): string | undefined;
};
declare function require(name: string): any;

export class TextEncoder {
  get encoding() { return 'utf-8'; }
  encode(text: any = '') { return new Uint8Array(__native.encode(String(text))); }
  encodeInto(text: string, target: Uint8Array) {
    let read = 0, written = 0;
    for (const c of String(text)) {
      const bytes = new Uint8Array(__native.encode(c));
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      written += bytes.length;
      read += c.length;
    }
    return { read, written };
  }
}

export class TextDecoder {
  #label: string;
  #fatal: boolean;
  #bom: boolean;
  #rest = new Uint8Array(0);
  constructor(label: any = 'utf-8', o: any = {}) {
    this.#label = __native.label(String(label).trim().toLowerCase());
    if (!this.#label) throw new RangeError('The "' + label + '" encoding is not supported');
    this.#fatal = !!o.fatal;
    this.#bom = !!o.ignoreBOM;
  }
  get encoding() { return this.#label; }
  get fatal() { return this.#fatal; }
  get ignoreBOM() { return this.#bom; }
  decode(input?: any, o: any = {}) {
    let bytes = input === undefined ? new Uint8Array(0)
      : ArrayBuffer.isView(input) ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength) : new Uint8Array(input);
    if (this.#rest.length) {
      const all = new Uint8Array(this.#rest.length + bytes.length);
      all.set(this.#rest);
      all.set(bytes, this.#rest.length);
      bytes = all;
      this.#rest = new Uint8Array(0);
    }
    if (o.stream) {
      const keep = incomplete(bytes, this.#label);
      this.#rest = bytes.slice(bytes.length - keep);
      bytes = bytes.subarray(0, bytes.length - keep);
    }
    return __native.decode(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length, this.#label, this.#fatal, this.#bom);
  }
}

// incomplete counts the bytes at the end that begin a character.
function incomplete(b: Uint8Array, label: string): number {
  if (label === 'utf-16le') return b.length % 2;
  if (label !== 'utf-8') return 0;
  for (let back = 1; back <= Math.min(3, b.length); back++) {
    const c = b[b.length - back];
    if ((c & 0xc0) === 0x80) continue;
    const need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
    return need > back ? back : 0;
  }
  return 0;
}

function invalid(): Error {
  const { DOMException } = require('kici:event');
  return new DOMException('Invalid character', 'InvalidCharacterError');
}
export function atob(data: any): string {
  const s = __native.atob(String(data));
  if (s === undefined) throw invalid();
  return s;
}
export function btoa(data: any): string {
  const s = __native.btoa(String(data));
  if (s === undefined) throw invalid();
  return s;
}
