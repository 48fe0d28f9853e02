// stream: enough of Node's streams for children, files and pipelines. Objects
declare const module: { exports: any };
// flow by pull: a Readable asks its source again only when its queue is low.
const EventEmitter = require('events');
import { Buffer } from 'buffer';
import { absent } from './absent';

const coded = (code: string, m: string) => Object.assign(new Error(m), { code });

export class Stream extends EventEmitter {
  pipe(dest: any, o?: any): any {
    const s: any = this;
    s.on('data', (c: any) => { if (dest.write(c) === false) { s.pause(); dest.once('drain', () => s.resume()); } });
    if (o?.end !== false && dest !== (process as any).stdout && dest !== (process as any).stderr) s.once('end', () => dest.end());
    dest.emit?.('pipe', s);
    return dest;
  }
}

class Destroyable extends Stream {
  destroyed = false; errored: any = null; closed = false;
  _o: any;
  constructor(o: any = {}) { super(); this._o = o; if (o.destroy) this._destroy = o.destroy; if (o.signal) o.signal.addEventListener('abort', () => this.destroy(coded('ABORT_ERR', 'The operation was aborted'))); }
  _destroy(e: any, cb: any) { cb(e); }
  destroy(e?: any): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.errored = e ?? null;
    this._destroy(e ?? null, (e2: any) => queueMicrotask(() => {
      if (e2 ?? e) this.emit('error', e2 ?? e);
      this.closed = true;
      this.emit('close');
    }));
    return this;
  }
  [Symbol.asyncDispose ?? Symbol()]() { this.destroy(); return finished(this).catch(() => undefined); }
}

const readable = {
  init(s: any, o: any) {
    s._q = []; s._size = 0; s._ended = false; s._endEmitted = false; s._reading = false; s.readableFlowing = null; s.readable = true;
    s.readableObjectMode = !!(o.objectMode || o.readableObjectMode); s._hwm = o.highWaterMark ?? (s.readableObjectMode ? 16 : 65536);
    if (o.read) s._read = o.read;
    if (o.encoding) s.setEncoding(o.encoding);
  },
};
export class Readable extends Destroyable {
  constructor(o: any = {}) { super(o); readable.init(this, o); }
  _read(_n: number): void { throw coded('ERR_METHOD_NOT_IMPLEMENTED', 'The _read() method is not implemented'); }
  get readableEnded() { return this._endEmitted; }
  get readableLength() { return this._size; }
  setEncoding(e: string): this { this._decoder = new (require('string_decoder').StringDecoder)(e); return this; }
  push(c: any, e?: any): boolean {
    this._reading = false;
    if (c === null) {
      const rest = this._decoder?.end();
      if (rest) this._put(rest);
      this._ended = true;
    } else {
      if (!this.readableObjectMode) {
        if (typeof c === 'string') c = Buffer.from(c, e);
        else if (!Buffer.isBuffer(c)) c = Buffer.from(c);
        if (this._decoder) c = this._decoder.write(c);
        if (c.length === 0) { this._more(); return true; }
      }
      this._put(c);
    }
    this._flow();
    if (!this.readableFlowing) queueMicrotask(() => this.emit('readable'));
    return this._size < this._hwm;
  }
  unshift(c: any) { this._q.unshift(c); this._size += this.readableObjectMode ? 1 : c.length; }
  _put(c: any) { this._q.push(c); this._size += this.readableObjectMode ? 1 : c.length; }
  _more() {
    if (this._ended || this._reading || this.destroyed || this._size >= this._hwm) return;
    this._reading = true;
    queueMicrotask(() => { if (!this.destroyed) try { this._read(this._hwm); } catch (e) { this.destroy(e); } });
  }
  _flow() {
    if (this._scheduled) return;
    this._scheduled = true;
    queueMicrotask(() => {
      this._scheduled = false;
      while (this.readableFlowing && this._q.length > 0 && !this.destroyed) this.emit('data', this._take());
      this._finish();
      if (this.readableFlowing) this._more();
    });
  }
  _take() { const c = this._q.shift(); this._size -= this.readableObjectMode ? 1 : c.length; return c; }
  _finish() {
    if (!this._ended || this._q.length > 0 || this._endEmitted || this.destroyed) return;
    if (!this.readableFlowing && !this._pulled) return;
    this._endEmitted = true;
    this.readable = false;
    this.emit('end');
    if (this._o.autoDestroy !== false && (this.writableFinished ?? true)) this.destroy();
  }
  read(n?: number): any {
    this._pulled = true;
    let c: any = null;
    if (this._q.length > 0) {
      if (this.readableObjectMode) c = this._take();
      else if (n === undefined) { c = this._decoder ? this._q.join('') : Buffer.concat(this._q); this._q = []; this._size = 0; }
      else {
        if (this._size < n && !this._ended) { this._more(); return null; }
        const all: any = this._decoder ? this._q.join('') : Buffer.concat(this._q);
        c = all.slice(0, n);
        this._q = all.length > n ? [all.slice(n)] : [];
        this._size = Math.max(0, all.length - n);
      }
    }
    this._flow();
    this._more();
    return c;
  }
  addListener(ev: string, fn: any): this { return this.on(ev, fn); }
  on(ev: string, fn: any): this {
    super.on(ev, fn);
    if (ev === 'data' && this.readableFlowing !== false) this.resume();
    if (ev === 'readable') { this._pulled = true; this._more(); if (this._size > 0 || this._ended) queueMicrotask(() => this.emit('readable')); }
    return this;
  }
  resume(): this { this.readableFlowing = true; this._flow(); return this; }
  pause(): this { this.readableFlowing = false; return this; }
  isPaused() { return this.readableFlowing === false; }
  unpipe() { this.removeAllListeners('data'); this.pause(); return this; }
  async *[Symbol.asyncIterator](): AsyncGenerator<any> {
    let wake: any = () => {};
    const events = ['readable', 'end', 'error', 'close'];
    const on = () => wake();
    for (const e of events) EventEmitter.prototype.on.call(this, e, on);
    this._pulled = true;
    try {
      while (true) {
        if (this.errored) throw this.errored;
        if (this._q.length > 0) { yield this._take(); continue; }
        if (this._ended || this.destroyed) { this._finish(); return; }
        const next = new Promise<void>((r) => { wake = r; });
        this._more();
        await next;
      }
    } finally {
      for (const e of events) this.removeListener(e, on);
      if (!this.destroyed) this.destroy();
    }
  }
  async toArray() { const out: any[] = []; for await (const c of this) out.push(c); return out; }
  static from(src: any, o: any = {}): Readable {
    const one = typeof src === 'string' || src instanceof Uint8Array;
    const it = one ? [src][Symbol.iterator]() : src[Symbol.asyncIterator]?.() ?? src[Symbol.iterator]();
    return new Readable({
      objectMode: true, ...o,
      async read(this: any) {
        try { const r = await it.next(); this.push(r.done ? null : await r.value); } catch (e) { this.destroy(e); }
      },
      destroy(e: any, cb: any) { Promise.resolve(it.return?.()).then(() => cb(e), (e2: any) => cb(e ?? e2)); },
    });
  }
}

const writableMethods: any = {
  _initW(o: any) {
    this._w = []; this._wsize = 0; this._writing = false; this._ending = false; this.writable = true; this.writableFinished = false; this._need = false;
    this.writableObjectMode = !!(o.objectMode || o.writableObjectMode); this._whwm = o.writableHighWaterMark ?? o.highWaterMark ?? (this.writableObjectMode ? 16 : 65536);
    if (o.write) this._write = o.write;
    if (o.final) this._final = o.final;
    this._ready = !o.construct;
    if (o.construct) queueMicrotask(() => o.construct.call(this, (e: any) => { if (e) this.destroy(e); else { this._ready = true; this._pump(); } }));
  },
  write(c: any, e?: any, cb?: any): boolean {
    if (typeof e === 'function') [cb, e] = [e, undefined];
    if (c === null) throw Object.assign(new TypeError('May not write null values to stream'), { code: 'ERR_STREAM_NULL_VALUES' });
    if (this._ending || this.destroyed) {
      const err = coded(this._ending ? 'ERR_STREAM_WRITE_AFTER_END' : 'ERR_STREAM_DESTROYED', this._ending ? 'write after end' : 'Cannot call write after a stream was destroyed');
      queueMicrotask(() => cb?.(err));
      if (this._ending) this.destroy(err);
      return false;
    }
    if (!this.writableObjectMode && this._o.decodeStrings !== false && typeof c === 'string') c = Buffer.from(c, e ?? this._o.defaultEncoding);
    const size = this.writableObjectMode ? 1 : c.length;
    this._w.push([c, e ?? 'buffer', cb, size]);
    this._wsize += size;
    this._pump();
    const room = this._wsize < this._whwm;
    if (!room) this._need = true;
    return room;
  },
  _pump(this: any) {
    if (this._writing || !this._ready || this.destroyed) return;
    const next = this._w.shift();
    if (!next) {
      if (this._need) { this._need = false; queueMicrotask(() => this.emit('drain')); }
      if (this._ending && !this._finalled) {
        this._finalled = true;
        const done = (e: any) => {
          if (e) return this.destroy(e);
          queueMicrotask(() => {
            this.writableFinished = true;
            this.emit('finish');
            if (this._o.autoDestroy !== false && (this._endEmitted ?? true)) this.destroy();
          });
        };
        this._final ? this._final(done) : done(null);
      }
      return;
    }
    const [c, e, cb, size] = next;
    this._writing = true;
    this._write(c, e, (err: any) => {
      this._writing = false;
      this._wsize -= size;
      if (err) { cb?.(err); return this.destroy(err); }
      cb?.(null);
      queueMicrotask(() => this._pump());
    });
  },
  end(c?: any, e?: any, cb?: any): any {
    if (typeof c === 'function') [cb, c] = [c, undefined];
    if (typeof e === 'function') [cb, e] = [e, undefined];
    if (cb) this.once('finish', cb);
    if (c !== undefined && c !== null) this.write(c, e);
    if (this._ending) return this;
    this._ending = true;
    this.writable = false;
    this._pump();
    return this;
  },
  cork() {}, uncork() {}, setDefaultEncoding() { return this; },
};
export class Writable extends Destroyable {
  constructor(o: any = {}) { super(o); (this as any)._initW(o); }
  _write(_c: any, _e: any, cb: any): void { cb(coded('ERR_METHOD_NOT_IMPLEMENTED', 'The _write() method is not implemented')); }
  get writableEnded() { return this._ending; }
  get writableLength() { return this._wsize; }
}
Object.assign(Writable.prototype, writableMethods);
export class Duplex extends Readable {
  constructor(o: any = {}) { super(o); (this as any)._initW(o); }
  get writableEnded() { return this._ending; }
  static from(src: any): any { return Readable.from(src); }
}
Object.assign(Duplex.prototype, writableMethods);
(Duplex.prototype as any)._write = Writable.prototype._write;
export class Transform extends Duplex {
  constructor(o: any = {}) {
    super(o);
    if (o.transform) this._transform = o.transform;
    if (o.flush) this._flush = o.flush;
  }
  _transform(_c: any, _e: any, cb: any): void { cb(coded('ERR_METHOD_NOT_IMPLEMENTED', 'The _transform() method is not implemented')); }
  _flush(cb: any): void { cb(); }
  _read(): void { const go = this._blocked; this._blocked = undefined; this._reading = false; go?.(); }
  _write(c: any, e: any, cb: any): void {
    this._transform(c, e, (err: any, out: any) => {
      if (err) return cb(err);
      const room = out === undefined || out === null || this.push(out);
      if (room || this._size < this._hwm) cb();
      else this._blocked = cb;
    });
  }
  _final(cb: any): void { this._flush((e: any, out: any) => { if (e) return cb(e); if (out !== undefined && out !== null) this.push(out); this.push(null); cb(); }); }
}
export class PassThrough extends Transform { _transform(c: any, _e: any, cb: any) { cb(null, c); } }

export function finished(s: any, o?: any, cb?: any): any {
  if (typeof o === 'function') [cb, o] = [o, {}];
  const p = new Promise<void>((resolve, reject) => {
    const isDone = () => (o?.readable === false || !(s instanceof Readable) || s._endEmitted) && (o?.writable === false || !s._initW || s.writableFinished);
    const check = () => { if (isDone()) resolve(); };
    s.on('error', reject);
    if (s instanceof Readable) s.on('end', check);
    if (s._initW) s.on('finish', check);
    s.on('close', () => (isDone() ? resolve() : reject(s.errored ?? coded('ERR_STREAM_PREMATURE_CLOSE', 'Premature close'))));
    if (s.closed) s.errored ? reject(s.errored) : isDone() ? resolve() : reject(coded('ERR_STREAM_PREMATURE_CLOSE', 'Premature close'));
    else check();
  });
  if (!cb) return p;
  p.then(() => cb(), cb);
  return () => undefined;
}
async function run(parts: any[]): Promise<any> {
  const streams = parts.map((p, i) => {
    if (typeof p === 'function') return p;
    if (i === 0 && !(p instanceof Readable) && (p?.[Symbol.asyncIterator] || p?.[Symbol.iterator])) return Readable.from(p);
    return p;
  });
  let src: any = streams[0];
  if (typeof src === 'function') src = Readable.from(src());
  const all: any[] = [src];
  const waits: Promise<any>[] = [];
  for (let i = 1; i < streams.length; i++) {
    let d = streams[i];
    if (typeof d === 'function') {
      const out = d(src);
      if (i === streams.length - 1 && !out?.[Symbol.asyncIterator]) { waits.push(Promise.resolve(out)); break; }
      d = Readable.from(out);
    } else {
      waits.push(finished(d, { readable: i === streams.length - 1 ? false : undefined }));
      src.pipe(d);
    }
    all.push(d);
    src = d;
  }
  waits.unshift(finished(all[0], { writable: false }));
  try {
    const results = await Promise.all(waits);
    return results[results.length - 1];
  } catch (e) {
    await Promise.all(all.map((s) => new Promise<void>((r) => {
      s.on('error', () => undefined);
      if (s.closed || !(s instanceof Destroyable)) { s.destroy?.(); return r(); }
      s.once('close', () => r());
      s.destroy();
    })));
    throw e;
  }
}
export function pipeline(...a: any[]): any {
  const cb = typeof a[a.length - 1] === 'function' && a.length > 2 ? a.pop() : undefined;
  const parts = Array.isArray(a[0]) ? a[0] : a;
  const p = run(parts);
  if (cb) p.then((v) => cb(undefined, v), cb);
  return parts[parts.length - 1];
}
export const promises = {
  finished: (s: any, o?: any) => finished(s, o),
  pipeline: (...a: any[]) => { const last = a[a.length - 1]; if (last && typeof last === 'object' && !(last instanceof EventEmitter) && !last[Symbol.asyncIterator]) a.pop(); return run(Array.isArray(a[0]) ? a[0] : a); },
};
absent(module.exports, 'stream', ['compose', 'addAbortSignal', 'duplexPair']);
const api: any = module.exports;
module.exports = Object.assign(Stream, api, { Stream });
