// fs and fs/promises over one table of operations. Each operation is described
declare const module: { exports: any };
// once (its Go name, how arguments become plain values, how the answer becomes
// Node's) and yields the sync, callback and promise forms.
declare const __native: {
  sync(op: string, ...args: any[]): any;
  async(op: string, ...args: any[]): Promise<any>;
};
import { Buffer } from 'buffer';
import { absent } from './absent';

const invalid = (name: string, v: any): never => {
  throw Object.assign(new TypeError(`The "${name}" argument must be of type string or an instance of Buffer or URL. Received ${v === null ? 'null' : typeof v}`), { code: 'ERR_INVALID_ARG_TYPE' });
};
function toPath(p: any, name = 'path'): string {
  if (typeof p === 'string') { /* as it is */ }
  else if (p && typeof p === 'object' && typeof p.href === 'string') p = require('url').fileURLToPath(p);
  else if (p instanceof Uint8Array) p = Buffer.from(p).toString();
  else invalid(name, p);
  if (p.includes('\0')) throw Object.assign(new TypeError(`The argument '${name}' must be a string, Uint8Array, or URL without null bytes. Received ${JSON.stringify(p)}`), { code: 'ERR_INVALID_ARG_VALUE' });
  return p;
}
const opt = (o: any): any => (typeof o === 'string' ? { encoding: o } : (o ?? {}));
const toData = (d: any, encoding?: any): any => {
  if (typeof d === 'string') return encoding && !/^utf-?8$/i.test(encoding) ? Buffer.from(d, encoding) : d;
  if (ArrayBuffer.isView(d)) return new Uint8Array(d.buffer, d.byteOffset, d.byteLength);
  return invalid('data', d);
};
const text = (b: ArrayBuffer, o: any): any => {
  const e = opt(o).encoding;
  const buf = Buffer.from(b);
  return e && e !== 'buffer' ? buf.toString(e) : buf;
};
const mode = (m: any, d: number): number => (m === undefined || m === null ? d : typeof m === 'string' ? parseInt(m, 8) : m);
const seconds = (t: any): number => (t instanceof Date ? t.getTime() / 1000 : Number(t));

const S_IFMT = 0o170000;
class Kind {
  #type!: number;
  static of(k: Kind, type: number): void { k.#type = type; }
  isFile() { return this.#type === 0o100000; }
  isDirectory() { return this.#type === 0o040000; }
  isSymbolicLink() { return this.#type === 0o120000; }
  isFIFO() { return this.#type === 0o010000; }
  isSocket() { return this.#type === 0o140000; }
  isBlockDevice() { return this.#type === 0o060000; }
  isCharacterDevice() { return this.#type === 0o020000; }
}
export class Stats extends Kind { [k: string]: any }
function stats(v: number[], o: any): any {
  if (v === null) return undefined;
  const s: any = new Stats();
  const names = ['dev', 'ino', 'mode', 'nlink', 'uid', 'gid', 'rdev', 'size', 'blksize', 'blocks', 'atimeMs', 'mtimeMs', 'ctimeMs', 'birthtimeMs'];
  names.forEach((n, i) => { s[n] = opt(o).bigint ? BigInt(Math.trunc(v[i])) : v[i]; });
  for (const t of ['atime', 'mtime', 'ctime', 'birthtime']) s[t] = new Date(Number(s[t + 'Ms']));
  Kind.of(s, v[2] & S_IFMT);
  return s;
}
export class Dirent extends Kind {
  name!: any; parentPath!: string; path!: string;
  static make(name: string, parent: string, type: number): Dirent {
    const d = new Dirent();
    d.name = name; d.parentPath = parent; d.path = parent;
    Kind.of(d, type);
    return d;
  }
}

export const constants = {
  F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1, COPYFILE_EXCL: 1, COPYFILE_FICLONE: 2, COPYFILE_FICLONE_FORCE: 4,
  O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024,
  S_IFMT, S_IFREG: 0o100000, S_IFDIR: 0o040000, S_IFLNK: 0o120000, S_IRUSR: 0o400, S_IWUSR: 0o200, S_IXUSR: 0o100,
};
export const { F_OK, R_OK, W_OK, X_OK } = constants;

type Op = { op: string; args: (...a: any[]) => any[]; post?: (v: any, ...a: any[]) => any };
const id = (p: any) => [toPath(p)];
const two = (a: any, b: any) => [toPath(a), toPath(b)];
const fdOrPath = (f: any) => (typeof f === 'number' ? f : f && typeof f.fd === 'number' ? f.fd : toPath(f));
const put = (flag: string) => (f: any, d: any, o?: any) => [fdOrPath(f), toData(d, opt(o).encoding), opt(o).flag ?? flag, mode(opt(o).mode, 0o666)];

const ops: Record<string, Op> = {
  readFile: { op: 'readFile', args: (f, o) => [fdOrPath(f), opt(o).flag ?? 'r'], post: (v, _f, o) => text(v, o) },
  writeFile: { op: 'writeFile', args: put('w') },
  appendFile: { op: 'writeFile', args: put('a') },
  mkdir: { op: 'mkdir', args: (p, o) => { const x = typeof o === 'object' ? (o ?? {}) : { mode: o }; return [toPath(p), !!x.recursive, mode(x.mode, 0o777)]; }, post: (v) => v ?? undefined },
  readdir: {
    op: 'readdir', args: (p, o) => [toPath(p), !!opt(o).recursive],
    post: (v: [string, string, number][], _p, o) => v.map(([rel, parent, type]) => {
      const name = opt(o).withFileTypes ? rel.slice(rel.lastIndexOf(process.platform === 'win32' ? '\\' : '/') + 1) : rel;
      const n = opt(o).encoding === 'buffer' ? Buffer.from(name) : name;
      return opt(o).withFileTypes ? Dirent.make(n, parent, type) : n;
    }),
  },
  stat: { op: 'stat', args: (p, o) => [toPath(p), o?.throwIfNoEntry === false], post: (v, _p, o) => stats(v, o) },
  lstat: { op: 'lstat', args: (p, o) => [toPath(p), o?.throwIfNoEntry === false], post: (v, _p, o) => stats(v, o) },
  fstat: { op: 'fstat', args: (fd) => [fd], post: (v, _p, o) => stats(v, o) },
  access: { op: 'access', args: (p, m = 0) => [toPath(p), typeof m === 'number' ? m : 0] },
  rm: { op: 'rm', args: (p, o) => [toPath(p), !!o?.recursive, !!o?.force] },
  rmdir: { op: 'rmdir', args: (p, o) => [toPath(p), !!o?.recursive] },
  unlink: { op: 'unlink', args: id },
  rename: { op: 'rename', args: two },
  copyFile: { op: 'copyFile', args: (a, b, m = 0) => [toPath(a, 'src'), toPath(b, 'dest'), typeof m === 'number' ? m : 0] },
  cp: { op: 'cp', args: (a, b, o) => [toPath(a), toPath(b), !!o?.recursive, o?.force !== false, !!o?.errorOnExist, !!o?.dereference] },
  chmod: { op: 'chmod', args: (p, m) => [toPath(p), mode(m, 0)] },
  chown: { op: 'chown', args: (p, u, g) => [toPath(p), u, g] },
  link: { op: 'link', args: two },
  symlink: { op: 'symlink', args: (t, p) => [toPath(t, 'target'), toPath(p)] },
  readlink: { op: 'readlink', args: id },
  realpath: { op: 'realpath', args: id },
  mkdtemp: { op: 'mkdtemp', args: id },
  utimes: { op: 'utimes', args: (p, a, m) => [toPath(p), seconds(a), seconds(m)] },
  truncate: { op: 'truncate', args: (p, n = 0) => [toPath(p), typeof n === 'number' ? n : 0] },
  ftruncate: { op: 'ftruncate', args: (fd, n = 0) => [fd, n] },
  open: { op: 'open', args: (p, f = 'r', m?: any) => [toPath(p), typeof f === 'function' ? 'r' : f, mode(m, 0o666)] },
  close: { op: 'close', args: (fd) => [fd] },
  fsync: { op: 'fsync', args: (fd) => [fd] },
};

export const promises: any = { constants };
const E = module.exports;
for (const [name, { op, args, post }] of Object.entries(ops)) {
  const done = post ?? ((v: any) => v);
  E[name + 'Sync'] = (...a: any[]) => done(__native.sync(op, ...args(...a)), ...a);
  if (!/^f(stat|truncate|sync)$|^close$|^open$/.test(name)) promises[name] = async (...a: any[]) => done(await __native.async(op, ...args(...a)), ...a);
  E[name] = (...a: any[]) => {
    const cb = a.pop();
    if (typeof cb !== 'function') throw Object.assign(new TypeError(`The "cb" argument must be of type function. Received ${cb === undefined ? 'undefined' : typeof cb}`), { code: 'ERR_INVALID_ARG_TYPE' });
    const plain = args(...a);
    __native.async(op, ...plain).then((v) => cb(null, done(v, ...a)), (e) => cb(e));
  };
}
E.fdatasync = E.fsync; E.fdatasyncSync = E.fsyncSync;
E.realpath.native = E.realpath; E.realpathSync.native = E.realpathSync;
export const existsSync = (p: any): boolean => { try { E.accessSync(p); return true; } catch { return false; } };
export const exists = (p: any, cb: (b: boolean) => void): void => { E.access(p, (e: any) => cb(!e)); };

function view(b: any, offset: any, length: any): Uint8Array {
  const u = new Uint8Array(b.buffer, b.byteOffset, b.byteLength);
  return u.subarray(offset ?? 0, (offset ?? 0) + (length ?? u.length - (offset ?? 0)));
}
const where = (offset: any, length: any, position: any): any[] =>
  offset !== null && typeof offset === 'object' ? [offset.offset, offset.length, offset.position] : [offset, length, position];
export const readSync = (fd: number, b: any, ...w: any[]): number => {
  const [o, l, p] = where(w[0], w[1], w[2]);
  const into = view(b, o, l);
  const got = new Uint8Array(__native.sync('read', fd, into.length, p ?? -1));
  into.set(got);
  return got.length;
};
export const writeSync = (fd: number, d: any, ...w: any[]): number => {
  if (typeof d === 'string') return __native.sync('write', fd, toData(d, w[1]), w[0] ?? -1);
  const [o, l, p] = where(w[0], w[1], w[2]);
  return __native.sync('write', fd, view(d, o, l), p ?? -1);
};
async function readAt(fd: number, b: any, o: any, l: any, p: any): Promise<number> {
  const into = view(b, o, l);
  const got = new Uint8Array(await __native.async('read', fd, into.length, p ?? -1));
  into.set(got);
  return got.length;
}
const writeAt = (fd: number, d: any, o: any, l: any, p: any): Promise<number> =>
  typeof d === 'string' ? __native.async('write', fd, toData(d, l), o ?? -1) : __native.async('write', fd, view(d, o, l), p ?? -1);
export const read = (fd: number, b: any, ...rest: any[]): void => {
  const cb = rest.pop();
  const [o, l, p] = where(rest[0], rest[1], rest[2]);
  readAt(fd, b, o, l, p).then((n) => cb(null, n, b), cb);
};
export const write = (fd: number, d: any, ...rest: any[]): void => {
  const cb = rest.pop();
  writeAt(fd, d, rest[0], rest[1], rest[2]).then((n) => cb(null, n, d), cb);
};

class FileHandle {
  constructor(readonly fd: number) {}
  async readFile(o?: any) { return promises.readFile(this, o); }
  async writeFile(d: any, o?: any) { return promises.writeFile(this, d, o); }
  async appendFile(d: any, o?: any) { return promises.writeFile(this, d, o); }
  async read(b: any = Buffer.alloc(16384), ...w: any[]) {
    if (!ArrayBuffer.isView(b)) { w = [b.offset, b.length, b.position]; b = b.buffer ?? Buffer.alloc(16384); }
    const [o, l, p] = where(w[0], w[1], w[2]);
    return { bytesRead: await readAt(this.fd, b, o, l, p), buffer: b };
  }
  async write(d: any, ...w: any[]) { return { bytesWritten: await writeAt(this.fd, d, w[0], w[1], w[2]), buffer: d }; }
  async stat(o?: any) { return stats(await __native.async('fstat', this.fd), o); }
  async truncate(n = 0) { return __native.async('ftruncate', this.fd, n); }
  async sync() { return __native.async('fsync', this.fd); }
  async datasync() { return __native.async('fsync', this.fd); }
  async close() { return __native.async('close', this.fd); }
  async *readLines() { yield* (await this.readFile('utf8')).replace(/\n$/, '').split(/\r?\n/); }
  createReadStream(o?: any) { return createReadStream('', { ...opt(o), fd: this.fd, autoClose: false }); }
  createWriteStream(o?: any) { return createWriteStream('', { ...opt(o), fd: this.fd, autoClose: false }); }
  [Symbol.asyncDispose ?? Symbol()]() { return this.close(); }
}
promises.open = async (...a: any[]) => new FileHandle(await __native.async('open', ...ops.open.args(...a)));
promises.opendir = async (p: any, o?: any) => opendirSync(p, o);
export const opendirSync = (p: any, o?: any): any => {
  const list: Dirent[] = E.readdirSync(p, { ...o, withFileTypes: true });
  let at = 0;
  return {
    path: toPath(p), readSync: () => list[at++] ?? null, read: async () => list[at++] ?? null, closeSync() {}, async close() {},
    async *[Symbol.asyncIterator]() { while (at < list.length) yield list[at++]; },
  };
};

export function createReadStream(p: any, o?: any): any {
  const { Readable } = require('stream');
  const x = opt(o);
  let fd: number | undefined = x.fd?.fd ?? x.fd, at = x.start, left = x.end === undefined ? Infinity : x.end - (x.start ?? 0) + 1;
  const s = new Readable({
    encoding: x.encoding, highWaterMark: x.highWaterMark ?? 65536,
    async read(this: any, n: number) {
      try {
        if (fd === undefined) { fd = await __native.async('open', toPath(p), x.flags ?? 'r', 0o666); s.fd = fd; s.emit('open', fd); s.emit('ready'); }
        const got = left <= 0 ? new ArrayBuffer(0) : await __native.async('read', fd, Math.min(n, left), at ?? -1);
        if (got.byteLength === 0) return this.push(null);
        left -= got.byteLength;
        if (at !== undefined) at += got.byteLength;
        s.bytesRead += got.byteLength;
        this.push(Buffer.from(got));
      } catch (e) { this.destroy(e); }
    },
    destroy(e: any, cb: any) {
      const open = fd;
      fd = undefined;
      if (open === undefined || x.autoClose === false) return cb(e);
      __native.async('close', open).then(() => cb(e), (e2: any) => cb(e ?? e2));
    },
  });
  s.path = p; s.bytesRead = 0;
  s.close = (cb?: any) => { if (cb) s.once('close', cb); s.destroy(); };
  return s;
}
export function createWriteStream(p: any, o?: any): any {
  const { Writable } = require('stream');
  const x = opt(o);
  let fd: number | undefined = x.fd?.fd ?? x.fd, at = x.start;
  let opening: Promise<number> | undefined;
  const ready = (): Promise<number> => (opening ??= openOnce());
  const openOnce = async (): Promise<number> => {
    if (fd === undefined) { fd = await __native.async('open', toPath(p), x.flags ?? 'w', mode(x.mode, 0o666)); s.fd = fd; s.emit('open', fd); s.emit('ready'); }
    return fd as number;
  };
  const s = new Writable({
    decodeStrings: true, defaultEncoding: x.encoding,
    construct(cb: any) { ready().then(() => cb(), cb); },
    write(chunk: any, _e: any, cb: any) {
      ready().then((f) => __native.async('write', f, chunk, at ?? -1)).then((n) => { if (at !== undefined) at += n; s.bytesWritten += n; cb(); }, cb);
    },
    destroy(e: any, cb: any) {
      // An open under way is waited for: its descriptor would be lost.
      if (opening === undefined || x.autoClose === false) return cb(e);
      opening.then((f) => __native.async('close', f)).then(() => cb(e), (e2: any) => cb(e ?? e2));
    },
  });
  s.path = p; s.bytesWritten = 0;
  s.close = (cb?: any) => { if (cb) s.once('close', cb); s.end(); };
  return s;
}
absent(E, 'fs', ['watch', 'watchFile', 'unwatchFile', 'statfs', 'statfsSync', 'lutimes', 'lutimesSync', 'readv', 'writev', 'glob', 'globSync']);
absent(promises, 'fs.promises', ['watch', 'statfs', 'lutimes', 'glob']);
