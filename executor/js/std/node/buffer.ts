// buffer: Buffer is a Uint8Array with another prototype. Bytes and text meet
declare const module: { exports: any };
// in Go.
declare const __native: {
  encode(text: string, encoding: string): ArrayBuffer | undefined;
  decode(data: ArrayBuffer, offset: number, length: number, encoding: string): string | undefined;
  indexOf(data: Uint8Array, part: Uint8Array, from: number, last: boolean): number;
};

const fail = (name: string, code: string, message: string): never => {
  throw Object.assign(new (name === 'RangeError' ? RangeError : TypeError)(message), { code });
};
const unknownEncoding = (e: unknown) => fail('TypeError', 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${String(e)}`);
const encodings = ['utf8', 'utf-8', 'hex', 'base64', 'base64url', 'latin1', 'binary', 'ascii', 'ucs2', 'ucs-2', 'utf16le', 'utf-16le'];

function bytesOf(text: string, encoding: any): Uint8Array {
  const data = __native.encode(text, encoding ?? 'utf8');
  return data === undefined ? unknownEncoding(encoding) : new Uint8Array(data);
}
function wrap(u: Uint8Array): any { return Object.setPrototypeOf(u, Buffer.prototype); }

export function Buffer(this: any, arg: any, b?: any, c?: any): any {
  return typeof arg === 'number' ? Buffer.alloc(arg) : Buffer.from(arg, b, c);
}
Object.setPrototypeOf(Buffer, Uint8Array);
Buffer.prototype = Object.create(Uint8Array.prototype, { constructor: { value: Buffer, writable: true, configurable: true } });
Object.defineProperty(Buffer, Symbol.species, { get: () => Uint8Array });
Buffer.poolSize = 8192;

Buffer.from = (v: any, a?: any, b?: any): any => {
  if (typeof v === 'string') return wrap(bytesOf(v, a));
  if (v instanceof ArrayBuffer) return wrap(new Uint8Array(v, a, b));
  if (ArrayBuffer.isView(v)) {
    const src: any = v instanceof DataView ? new Uint8Array(v.buffer, v.byteOffset, v.byteLength) : v;
    return wrap(new Uint8Array(Array.prototype.slice.call(src) && (src instanceof Uint8Array ? src.slice() : Array.from(src as any))));
  }
  if (v !== null && typeof v === 'object') {
    if (v.type === 'Buffer' && Array.isArray(v.data)) return wrap(new Uint8Array(v.data));
    const prim = v.valueOf?.();
    if (prim !== undefined && prim !== null && prim !== v) return Buffer.from(prim, a, b);
    if (typeof v.length === 'number') return wrap(new Uint8Array(Array.from(v as any, (x) => Number(x))));
    if (typeof v[Symbol.toPrimitive] === 'function') return Buffer.from(v[Symbol.toPrimitive]('string'), a);
  }
  const got = v === null ? 'null' : v === undefined ? 'undefined' : typeof v === 'object' ? 'an instance of ' + (v.constructor?.name ?? 'Object') : `type ${typeof v} (${String(v)})`;
  return fail('TypeError', 'ERR_INVALID_ARG_TYPE', `The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object. Received ${got}`);
};
Buffer.alloc = (n: number, fill?: any, encoding?: any): any => {
  if (typeof n !== 'number') fail('TypeError', 'ERR_INVALID_ARG_TYPE', `The "size" argument must be of type number. Received ${n === null ? 'null' : 'type ' + typeof n}`);
  if (!(n >= 0 && n <= 2 ** 32)) fail('RangeError', 'ERR_OUT_OF_RANGE', `The value of "size" is out of range. It must be >= 0 && <= 4294967296. Received ${n}`);
  const b = wrap(new Uint8Array(n));
  return fill === undefined || fill === 0 || n === 0 ? b : b.fill(fill, encoding);
};
Buffer.allocUnsafe = Buffer.allocUnsafeSlow = (n: number): any => Buffer.alloc(n);
Buffer.isBuffer = (v: unknown): boolean => v instanceof (Buffer as any);
Buffer.isEncoding = (e: unknown): boolean => typeof e === 'string' && encodings.includes(e.toLowerCase());
Buffer.byteLength = (v: any, encoding?: any): number =>
  typeof v === 'string' ? bytesOf(v, encodings.includes(String(encoding).toLowerCase()) ? encoding : 'utf8').length : v.byteLength;
Buffer.concat = (list: any, total?: number): any => {
  if (!Array.isArray(list)) fail('TypeError', 'ERR_INVALID_ARG_TYPE', 'The "list" argument must be an instance of Array.');
  const n = total ?? list.reduce((sum: number, b: any) => sum + b.length, 0);
  const out = Buffer.alloc(n);
  let at = 0;
  for (const b of list) {
    if (at >= n) break;
    out.set(at + b.length > n ? b.subarray(0, n - at) : b, at);
    at += b.length;
  }
  return out;
};
Buffer.compare = (a: Uint8Array, b: Uint8Array): number => {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  return Math.sign(a.length - b.length);
};

const clamp = (v: any, max: number, fallback: number) => {
  if (v === undefined) return fallback;
  v = Math.trunc(Number(v)) || 0;
  return v < 0 ? 0 : v > max ? max : v;
};

const methods: Record<string, any> = {
  toString(this: any, encoding?: any, start?: any, end?: any) {
    const s = clamp(start, this.length, 0), e = clamp(end, this.length, this.length);
    if (e <= s) return '';
    const text = __native.decode(this.buffer, this.byteOffset + s, e - s, encoding === undefined ? 'utf8' : String(encoding));
    return text === undefined ? unknownEncoding(encoding) : text;
  },
  toLocaleString(this: any, e?: any) { return this.toString(e); },
  toJSON(this: any) { return { type: 'Buffer', data: Array.from(this) }; },
  equals(this: any, o: any) { return Buffer.compare(this, o) === 0; },
  compare(this: any, o: any, ts = 0, te = o.length, ss = 0, se = this.length) { return Buffer.compare(this.subarray(ss, se), o.subarray(ts, te)); },
  write(this: any, text: string, offset?: any, length?: any, encoding?: any) {
    if (typeof offset === 'string') [encoding, offset, length] = [offset, undefined, undefined];
    if (typeof length === 'string') [encoding, length] = [length, undefined];
    const at = offset ?? 0;
    let b = bytesOf(text, encoding);
    const room = Math.min(this.length - at, length ?? Infinity);
    if (b.length > room) {
      let n = room;
      if (/^utf-?8$/i.test(encoding ?? 'utf8')) while (n > 0 && (b[n] & 0xc0) === 0x80) n--; // no half characters
      b = b.subarray(0, n);
    }
    this.set(b, at);
    return b.length;
  },
  copy(this: any, target: any, ts = 0, ss = 0, se = this.length) {
    const part = Uint8Array.prototype.subarray.call(this, ss, Math.min(se, ss + Math.max(0, target.length - ts)));
    Uint8Array.prototype.set.call(target, part, ts);
    return part.length;
  },
  slice(this: any, s?: any, e?: any) { return this.subarray(s, e); },
  subarray(this: any, s?: any, e?: any) {
    const n = this.length;
    const abs = (v: any, d: number) => { if (v === undefined) return d; v = Math.trunc(Number(v)) || 0; return v < 0 ? Math.max(0, n + v) : Math.min(v, n); };
    const a = abs(s, 0), b = Math.max(a, abs(e, n));
    return wrap(new Uint8Array(this.buffer, this.byteOffset + a, b - a));
  },
  fill(this: any, v: any, offset?: any, end?: any, encoding?: any) {
    if (typeof offset === 'string') [encoding, offset, end] = [offset, undefined, undefined];
    if (typeof end === 'string') [encoding, end] = [end, undefined];
    const from = offset ?? 0, to = end ?? this.length;
    if (typeof v === 'number' || typeof v === 'boolean') Uint8Array.prototype.fill.call(this, Number(v) & 255, from, to);
    else {
      const b = typeof v === 'string' ? bytesOf(v, encoding) : v;
      if (b.length === 0) Uint8Array.prototype.fill.call(this, 0, from, to);
      else for (let i = from; i < to; i++) this[i] = b[(i - from) % b.length];
    }
    return this;
  },
  indexOf(this: any, v: any, from?: any, encoding?: any) { return find(this, v, from, encoding, false); },
  lastIndexOf(this: any, v: any, from?: any, encoding?: any) { return find(this, v, from, encoding, true); },
  includes(this: any, v: any, from?: any, encoding?: any) { return find(this, v, from, encoding, false) !== -1; },
  readUIntBE(this: any, o: number, n: number) { check(this, o, n); let v = 0; for (let i = 0; i < n; i++) v = v * 256 + this[o + i]; return v; },
  readUIntLE(this: any, o: number, n: number) { check(this, o, n); let v = 0; for (let i = n - 1; i >= 0; i--) v = v * 256 + this[o + i]; return v; },
  readIntBE(this: any, o: number, n: number) { const v = this.readUIntBE(o, n); return v >= 2 ** (8 * n - 1) ? v - 2 ** (8 * n) : v; },
  readIntLE(this: any, o: number, n: number) { const v = this.readUIntLE(o, n); return v >= 2 ** (8 * n - 1) ? v - 2 ** (8 * n) : v; },
  writeUIntBE(this: any, v: number, o: number, n: number) { check(this, o, n); for (let i = n - 1; i >= 0; i--) { this[o + i] = v % 256; v = Math.floor(v / 256); } return o + n; },
  writeUIntLE(this: any, v: number, o: number, n: number) { check(this, o, n); for (let i = 0; i < n; i++) { this[o + i] = v % 256; v = Math.floor(v / 256); } return o + n; },
  writeIntBE(this: any, v: number, o: number, n: number) { return this.writeUIntBE(v < 0 ? v + 2 ** (8 * n) : v, o, n); },
  writeIntLE(this: any, v: number, o: number, n: number) { return this.writeUIntLE(v < 0 ? v + 2 ** (8 * n) : v, o, n); },
  swap16(this: any) { return swap(this, 2); },
  swap32(this: any) { return swap(this, 4); },
  swap64(this: any) { return swap(this, 8); },
  [Symbol.for('nodejs.util.inspect.custom')](this: any) {
    const shown = Array.from(this.subarray(0, 50) as number[], (x) => x.toString(16).padStart(2, '0')).join(' ');
    const more = this.length - 50;
    return `<Buffer${shown ? ' ' + shown : ''}${more > 0 ? ` ... ${more} more byte${more > 1 ? 's' : ''}` : ''}>`;
  },
};
function check(b: any, o: number, n: number) {
  if (typeof o !== 'number') fail('TypeError', 'ERR_INVALID_ARG_TYPE', `The "offset" argument must be of type number. Received ${typeof o}`);
  if (!(o >= 0 && o + n <= b.length)) {
    if (b.length < n) fail('RangeError', 'ERR_BUFFER_OUT_OF_BOUNDS', 'Attempt to access memory outside buffer bounds');
    fail('RangeError', 'ERR_OUT_OF_RANGE', `The value of "offset" is out of range. It must be >= 0 and <= ${b.length - n}. Received ${o}`);
  }
}
function swap(b: any, n: number) {
  if (b.length % n !== 0) fail('RangeError', 'ERR_INVALID_BUFFER_SIZE', `Buffer size must be a multiple of ${n * 8}-bits`);
  for (let i = 0; i < b.length; i += n) Uint8Array.prototype.reverse.call(new Uint8Array(b.buffer, b.byteOffset + i, n));
  return b;
}
function find(b: any, v: any, from: any, encoding: any, last: boolean): number {
  if (typeof from === 'string') [encoding, from] = [from, undefined];
  const n = b.length;
  let at = from === undefined || Number.isNaN(Number(from)) ? (last ? n : 0) : Math.trunc(Number(from));
  if (at < 0) at += n;
  if (at < 0) { if (last) return -1; at = 0; }
  const part = typeof v === 'string' ? bytesOf(v, encoding) : typeof v === 'number' ? new Uint8Array([v & 255]) : v;
  return __native.indexOf(b, part, Math.min(at, n), last);
}
for (const [bits, kinds] of [[8, ['']], [16, ['LE', 'BE']], [32, ['LE', 'BE']]] as [number, string[]][]) {
  const n = bits / 8;
  for (const end of kinds) {
    for (const sign of ['UInt', 'Int']) {
      const way = end || 'LE';
      methods[`read${sign}${bits}${end}`] = function (this: any, o = 0) { return this[`read${sign}${way}`](o, n); };
      methods[`write${sign}${bits}${end}`] = function (this: any, v: number, o = 0) {
        const lo = sign === 'Int' ? -(2 ** (bits - 1)) : 0, hi = sign === 'Int' ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
        if (v < lo || v > hi) fail('RangeError', 'ERR_OUT_OF_RANGE', `The value of "value" is out of range. It must be >= ${lo} and <= ${hi}. Received ${v}`);
        return this[`write${sign}${way}`](v, o, n);
      };
    }
  }
}
for (const [name, get, n] of [['Float', 'Float32', 4], ['Double', 'Float64', 8], ['BigInt64', 'BigInt64', 8], ['BigUInt64', 'BigUint64', 8]] as [string, string, number][]) {
  for (const end of ['LE', 'BE']) {
    methods[`read${name}${end}`] = function (this: any, o = 0) { check(this, o, n); return (new DataView(this.buffer, this.byteOffset, this.byteLength) as any)['get' + get](o, end === 'LE'); };
    methods[`write${name}${end}`] = function (this: any, v: any, o = 0) { check(this, o, n); (new DataView(this.buffer, this.byteOffset, this.byteLength) as any)['set' + get](o, v, end === 'LE'); return o + n; };
  }
}
for (const k of Object.keys(methods)) if (k.includes('UInt')) methods[k.replace('UInt', 'Uint')] = methods[k];
for (const k of Reflect.ownKeys(methods)) {
  Object.defineProperty(Buffer.prototype, k, { value: (methods as any)[k], writable: true, configurable: true, enumerable: false });
}
Object.defineProperty(Buffer.prototype, 'parent', { get(this: any) { return this.buffer; }, configurable: true });

export const SlowBuffer = Buffer;
export const kMaxLength = 2 ** 32;
export const INSPECT_MAX_BYTES = 50;
export const constants = { MAX_LENGTH: 2 ** 32, MAX_STRING_LENGTH: 536870888 };
export const transcode = (b: any, from: string, to: string) => Buffer.from(Buffer.from(b).toString(from as any), to);
export const isUtf8 = (b: any) => !Buffer.from(b).toString().includes('\ufffd');
export const isAscii = (b: any) => Array.from(b as Uint8Array).every((x) => x < 128);
const g = globalThis as any;
export const atob = (s: string) => g.atob(s);
export const btoa = (s: string) => g.btoa(s);
Object.defineProperty(module.exports, 'Blob', { get: () => g.Blob, enumerable: true });
Object.defineProperty(module.exports, 'File', { get: () => g.File, enumerable: true });
