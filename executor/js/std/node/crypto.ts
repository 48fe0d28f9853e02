// crypto: hashing, random values. Keys, signatures and ciphers need Node.
declare const module: { exports: any };
declare const __native: {
  random(n: number): ArrayBuffer;
  hashes(): string[];
  hash(algorithm: string, key: ArrayBuffer | Uint8Array | undefined): { update(b: Uint8Array): void; digest(): ArrayBuffer; copy(): any } | undefined;
  digest(algorithm: string, b: Uint8Array): ArrayBuffer | undefined;
  equal(a: Uint8Array, b: Uint8Array): boolean;
};
import { Buffer } from 'buffer';
import { absent } from './absent';

const bad = (code: string, message: string, T: any = TypeError): never => { throw Object.assign(new T(message), { code }); };
const toBytes = (v: any, encoding?: any): any => {
  if (typeof v === 'string') return Buffer.from(v, encoding === 'buffer' ? 'utf8' : encoding);
  if (v instanceof ArrayBuffer) return new Uint8Array(v);
  if (ArrayBuffer.isView(v)) return new Uint8Array(v.buffer, v.byteOffset, v.byteLength);
  return bad('ERR_INVALID_ARG_TYPE', 'The "data" argument must be of type string or an instance of Buffer, TypedArray, or DataView.');
};

class Digest {
  #h: any;
  #done = false;
  constructor(h: any) { this.#h = h; }
  update(data: any, encoding?: any): this {
    if (this.#done) bad('ERR_CRYPTO_HASH_FINALIZED', 'Digest already called', Error);
    this.#h.update(toBytes(data, encoding));
    return this;
  }
  digest(encoding?: any): any {
    if (this.#done) bad('ERR_CRYPTO_HASH_FINALIZED', 'Digest already called', Error);
    this.#done = true;
    const b = Buffer.from(this.#h.digest());
    return encoding === undefined || encoding === 'buffer' ? b : b.toString(encoding);
  }
  copy(): Digest {
    if (this.#done) bad('ERR_CRYPTO_HASH_FINALIZED', 'Digest already called', Error);
    return new Digest(this.#h.copy());
  }
  write(d: any, e?: any): boolean { this.update(d, e); return true; }
  end(d?: any): this { if (d !== undefined && d !== null) this.update(d); return this; }
  read(): any { return this.digest(); }
  on(): this { return this; }
  once(): this { return this; }
  emit(): boolean { return false; }
}

export function createHash(algorithm: string): Digest {
  if (typeof algorithm !== 'string') bad('ERR_INVALID_ARG_TYPE', 'The "algorithm" argument must be of type string.');
  const h = __native.hash(algorithm, undefined);
  return h ? new Digest(h) : bad('ERR_OSSL_EVP_UNSUPPORTED', 'Digest method not supported', Error);
}
export function createHmac(algorithm: string, key: any): Digest {
  const h = __native.hash(algorithm, toBytes(key));
  return h ? new Digest(h) : bad('ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${algorithm}`);
}
export function hash(algorithm: string, data: any, encoding: any = 'hex'): any { return createHash(algorithm).update(data).digest(encoding); }
export const getHashes = () => __native.hashes();
export function randomBytes(n: number, cb?: (e: null, b: any) => void): any {
  if (typeof n !== 'number') bad('ERR_INVALID_ARG_TYPE', 'The "size" argument must be of type number.');
  if (!(n >= 0 && n <= 2147483647)) bad('ERR_OUT_OF_RANGE', `The value of "size" is out of range. It must be >= 0 && <= 2147483647. Received ${n}`, RangeError);
  const b = Buffer.from(__native.random(n));
  if (!cb) return b;
  queueMicrotask(() => cb(null, b));
}
export function randomFillSync(b: any, offset = 0, size?: number): any {
  const u = toBytes(b);
  const n = size ?? u.length - offset;
  u.set(new Uint8Array(__native.random(n)), offset);
  return b;
}
export function randomFill(b: any, ...rest: any[]): void { const cb = rest.pop(); randomFillSync(b, ...(rest as [])); queueMicrotask(() => cb(null, b)); }
export function randomInt(min: number, max?: any, cb?: any): any {
  if (max === undefined || typeof max === 'function') [cb, max, min] = [max, min, 0];
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max)) bad('ERR_INVALID_ARG_TYPE', 'The "min" and "max" arguments must be safe integers.');
  const range = max - min;
  if (!(range > 0)) bad('ERR_OUT_OF_RANGE', `The value of "max" is out of range. It must be greater than the value of "min" (${min}). Received ${max}`, RangeError);
  if (!(range < 2 ** 48)) bad('ERR_OUT_OF_RANGE', `The value of "max - min" is out of range. It must be <= 281474976710655. Received ${range}`, RangeError);
  const most = 2 ** 48 - (2 ** 48 % range); // beyond it some numbers would come more often
  let v: number;
  do v = Buffer.from(__native.random(6)).readUIntBE(0, 6); while (v >= most);
  const out = min + (v % range);
  if (!cb) return out;
  queueMicrotask(() => cb(null, out));
}
export function randomUUID(): string {
  const b = Buffer.from(__native.random(16));
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  const h = b.toString('hex');
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}
export function timingSafeEqual(a: any, b: any): boolean {
  const [x, y] = [toBytes(a), toBytes(b)];
  if (x.length !== y.length) bad('ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length', RangeError);
  return __native.equal(x, y);
}
export function getRandomValues(b: any): any {
  if (!ArrayBuffer.isView(b)) bad('ERR_INVALID_ARG_TYPE', 'The "array" argument must be an integer typed array.');
  if (b.byteLength > 65536) throw Object.assign(new Error(`The requested length exceeds 65,536 bytes`), { name: 'QuotaExceededError', code: 22 });
  return randomFillSync(b);
}
export const subtle: any = {
  async digest(algorithm: any, data: any): Promise<ArrayBuffer> {
    const name = typeof algorithm === 'string' ? algorithm : algorithm?.name;
    const h = /^SHA-(1|256|384|512)$/i.test(String(name)) ? __native.digest(String(name).replace('-', ''), toBytes(data)) : undefined;
    if (!h) throw Object.assign(new Error('Unrecognized algorithm name'), { name: 'NotSupportedError' });
    return h;
  },
};
absent(subtle, 'crypto.subtle', ['encrypt', 'decrypt', 'sign', 'verify', 'generateKey', 'importKey', 'exportKey', 'deriveKey', 'deriveBits', 'wrapKey', 'unwrapKey']);
export const webcrypto = { subtle, getRandomValues, randomUUID };
export const constants = {};
absent(module.exports, 'crypto', ['createCipheriv', 'createDecipheriv', 'createSign', 'createVerify', 'createPublicKey', 'createPrivateKey', 'createSecretKey', 'createDiffieHellman', 'createECDH',
  'generateKeyPair', 'generateKeyPairSync', 'pbkdf2', 'pbkdf2Sync', 'scrypt', 'scryptSync', 'sign', 'verify', 'publicEncrypt', 'privateDecrypt', 'hkdf', 'hkdfSync']);
