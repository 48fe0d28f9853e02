// The fetch family over Go's HTTP client.

declare const __native: {
  request(o: any): Promise<{ status: number; statusText: string; url: string; redirected: boolean; headers: [string, string][]; body: any }>;
  read(body: any): Promise<ArrayBuffer | null>;
  cancel(id: any): void;
  id(): number;
};

const enc = (t: string): Uint8Array => new TextEncoder().encode(t);
const dec = (b: Uint8Array): string => new TextDecoder().decode(b);

function concat(parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) { out.set(p, at); at += p.length; }
  return out;
}

export class Headers {
  #map = new Map<string, string[]>();
  constructor(init?: any) {
    if (init == null) return;
    const pairs = typeof init[Symbol.iterator] === 'function' ? init : Object.entries(init);
    for (const [k, v] of pairs) this.append(k, v);
  }
  #key(k: any): string {
    k = String(k);
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(k)) throw new TypeError('Headers: ' + k + ' is an invalid header name.');
    return k.toLowerCase();
  }
  #value(v: any): string {
    v = String(v).replace(/^[\t\r\n ]+|[\t\r\n ]+$/g, '');
    if (/[\0\r\n]/.test(v)) throw new TypeError('Headers: invalid header value.');
    return v;
  }
  append(k: any, v: any) { const key = this.#key(k); this.#map.set(key, [...(this.#map.get(key) ?? []), this.#value(v)]); }
  set(k: any, v: any) { this.#map.set(this.#key(k), [this.#value(v)]); }
  get(k: any) { return this.#map.get(this.#key(k))?.join(', ') ?? null; }
  has(k: any) { return this.#map.has(this.#key(k)); }
  delete(k: any) { this.#map.delete(this.#key(k)); }
  getSetCookie() { return [...(this.#map.get('set-cookie') ?? [])]; }
  forEach(fn: any, self?: any) { for (const [k, v] of this) fn.call(self, v, k, this); }
  *entries(): Generator<[string, string]> {
    for (const k of [...this.#map.keys()].sort()) {
      if (k === 'set-cookie') for (const v of this.#map.get(k)!) yield [k, v];
      else yield [k, this.#map.get(k)!.join(', ')];
    }
  }
  *keys() { for (const [k] of this.entries()) yield k; }
  *values() { for (const [, v] of this.entries()) yield v; }
  [Symbol.iterator]() { return this.entries(); }
  [Symbol.for('nodejs.util.inspect.custom')](_d: any, o: any, inspect: any) { return 'Headers ' + inspect(Object.fromEntries(this.entries()), o); }
  get [Symbol.toStringTag]() { return 'Headers'; }
}

export class ReadableStream {
  #pull: () => Promise<any>;
  #cancel: (r?: any) => any;
  #reader: any = null;
  constructor(source: any = {}) {
    const queue: any[] = [];
    let closed = false, failed: { e: any } | undefined, wake: (() => void) | undefined;
    const controller = {
      desiredSize: 1,
      enqueue(v: any) { if (closed) throw new TypeError('Invalid state: Controller is already closed'); queue.push(v); wake?.(); },
      close() { closed = true; wake?.(); },
      error(e: any) { failed = { e }; wake?.(); },
    };
    const started = Promise.resolve(source.start?.(controller));
    started.catch((e) => controller.error(e));
    this.#cancel = (r) => { closed = true; queue.length = 0; return source.cancel?.(r); };
    this.#pull = async () => {
      await started;
      for (;;) {
        if (queue.length) return { value: queue.shift(), done: false };
        if (failed) throw failed.e;
        if (closed) return { value: undefined, done: true };
        if (source.pull) await source.pull(controller);
        else await new Promise<void>((r) => { wake = r; });
        if (source.pull && !queue.length && !closed && !failed) await new Promise<void>((r) => { wake = r; });
      }
    };
  }
  get locked() { return this.#reader !== null; }
  async cancel(reason?: any) { await this.#cancel(reason); }
  getReader() {
    if (this.#reader) throw new TypeError('Invalid state: ReadableStream is locked');
    const self = this;
    return (this.#reader = {
      read: () => self.#pull(),
      cancel: async (r?: any) => { await self.#cancel(r); },
      releaseLock: () => { self.#reader = null; },
      closed: new Promise(() => {}),
    });
  }
  async *values() {
    const reader = this.getReader();
    let done = false;
    try {
      for (;;) {
        const r = await reader.read();
        if (r.done) { done = true; return; }
        yield r.value;
      }
    } finally {
      if (!done) await reader.cancel();
      reader.releaseLock();
    }
  }
  [Symbol.asyncIterator]() { return this.values(); }
  static from(items: any) {
    const it = (items[Symbol.asyncIterator] ?? items[Symbol.iterator]).call(items);
    return new ReadableStream({ async pull(c: any) { const r = await it.next(); if (r.done) c.close(); else c.enqueue(r.value); }, cancel: () => it.return?.() });
  }
  get [Symbol.toStringTag]() { return 'ReadableStream'; }
}

export class Blob {
  #bytes: Uint8Array;
  type: string;
  constructor(parts: any[] = [], o: any = {}) {
    this.#bytes = concat(parts.map((p) => (p instanceof Blob ? p.#bytes : toBytes(p))));
    this.type = String(o.type ?? '').toLowerCase();
  }
  get size() { return this.#bytes.length; }
  async text() { return dec(this.#bytes); }
  async arrayBuffer() { return this.#bytes.slice().buffer; }
  async bytes() { return this.#bytes.slice(); }
  slice(a?: number, b?: number, type = '') { const out = new Blob([], { type }); out.#bytes = this.#bytes.slice(a, b); return out; }
  stream() { return ReadableStream.from([this.#bytes.slice()]); }
  _raw() { return this.#bytes; }
  get [Symbol.toStringTag]() { return 'Blob'; }
}
export class File extends Blob {
  name: string;
  lastModified: number;
  constructor(parts: any[], name: string, o: any = {}) { super(parts, o); this.name = String(name); this.lastModified = o.lastModified ?? Date.now(); }
  get [Symbol.toStringTag]() { return 'File'; }
}

export class FormData {
  #list: [string, any][] = [];
  #entry(v: any, name?: string) { return v instanceof Blob ? (v instanceof File && name === undefined ? v : new File([v], name ?? 'blob', { type: v.type })) : String(v); }
  append(k: any, v: any, name?: string) { this.#list.push([String(k), this.#entry(v, name)]); }
  set(k: any, v: any, name?: string) { this.delete(k); this.append(k, v, name); }
  delete(k: any) { this.#list = this.#list.filter(([a]) => a !== String(k)); }
  get(k: any) { return this.#list.find(([a]) => a === String(k))?.[1] ?? null; }
  getAll(k: any) { return this.#list.filter(([a]) => a === String(k)).map(([, v]) => v); }
  has(k: any) { return this.#list.some(([a]) => a === String(k)); }
  forEach(fn: any, self?: any) { for (const [k, v] of this.#list) fn.call(self, v, k, this); }
  *entries() { yield* this.#list; }
  *keys() { for (const [k] of this.#list) yield k; }
  *values() { for (const [, v] of this.#list) yield v; }
  [Symbol.iterator]() { return this.entries(); }
  get [Symbol.toStringTag]() { return 'FormData'; }
}

function toBytes(v: any): Uint8Array {
  if (v instanceof ArrayBuffer) return new Uint8Array(v.slice(0));
  if (ArrayBuffer.isView(v)) return new Uint8Array(v.buffer, v.byteOffset, v.byteLength).slice();
  return enc(String(v));
}

function multipart(form: FormData): [Uint8Array, string] {
  const boundary = '----kici' + Array.from({ length: 24 }, () => Math.floor(Math.random() * 36).toString(36)).join('');
  const esc = (t: string) => t.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
  const parts: Uint8Array[] = [];
  for (const [k, v] of form as any) {
    if (v instanceof File) parts.push(enc('--' + boundary + '\r\nContent-Disposition: form-data; name="' + esc(k) + '"; filename="' + esc(v.name) + '"\r\nContent-Type: ' + (v.type || 'application/octet-stream') + '\r\n\r\n'), v._raw(), enc('\r\n'));
    else parts.push(enc('--' + boundary + '\r\nContent-Disposition: form-data; name="' + esc(k) + '"\r\n\r\n' + v + '\r\n'));
  }
  parts.push(enc('--' + boundary + '--\r\n'));
  return [concat(parts), 'multipart/form-data; boundary=' + boundary];
}

// bodyOf gives bytes (or a stream to be collected) and the type they imply.
function bodyOf(v: any): [any, string | undefined] {
  if (v === null || v === undefined) return [null, undefined];
  if (typeof v === 'string') return [enc(v), 'text/plain;charset=UTF-8'];
  if (v instanceof URLSearchParams) return [enc(v.toString()), 'application/x-www-form-urlencoded;charset=UTF-8'];
  if (v instanceof FormData) return multipart(v);
  if (v instanceof Blob) return [v._raw(), v.type || undefined];
  if (v instanceof ArrayBuffer || ArrayBuffer.isView(v)) return [toBytes(v), undefined];
  if (v instanceof ReadableStream || typeof v[Symbol.asyncIterator] === 'function') return [v, undefined];
  return [enc(String(v)), 'text/plain;charset=UTF-8'];
}

class Body {
  headers!: Headers;
  _body: any = null;
  _stream: ReadableStream | null = null;
  _used = false;
  _fill(v: any) {
    const [body, type] = bodyOf(v);
    this._body = body;
    if (type && !this.headers.has('content-type')) this.headers.set('content-type', type);
    for (const k of ['_body', '_stream', '_used']) Object.defineProperty(this, k, { enumerable: false });
  }
  get body(): any {
    if (this._body === null) return null;
    return (this._stream ??= this._body instanceof Uint8Array ? ReadableStream.from([this._body]) : this._body instanceof ReadableStream ? this._body : ReadableStream.from(this._body));
  }
  get bodyUsed() { return this._used || !!this._stream?.locked; }
  async bytes(): Promise<Uint8Array> {
    if (this.bodyUsed) throw new TypeError('Body is unusable: Body has already been read');
    if (this._body === null) return new Uint8Array(0);
    this._used = true;
    if (this._body instanceof Uint8Array && !this._stream) return this._body.slice();
    const parts: Uint8Array[] = [];
    for await (const chunk of this.body) parts.push(toBytes(chunk));
    return concat(parts);
  }
  async text() { return dec(await this.bytes()); }
  async json() { return JSON.parse(await this.text()); }
  async arrayBuffer() { return (await this.bytes()).buffer; }
  async blob() { return new Blob([await this.bytes()], { type: this.headers.get('content-type') ?? '' }); }
  async formData() {
    const form = new FormData();
    const type = this.headers.get('content-type') ?? '';
    if (!type.startsWith('application/x-www-form-urlencoded')) throw new TypeError('Body cannot be decoded as form data');
    for (const [k, v] of new URLSearchParams(await this.text())) form.append(k, v);
    return form;
  }
}

export class Request extends Body {
  url: string;
  method: string;
  redirect: string;
  signal: any;
  constructor(input: any, init: any = {}) {
    super();
    const from = input instanceof Request ? input : undefined;
    const url = new URL(from ? from.url : String(input));
    if (url.username || url.password) throw new TypeError('Request cannot be constructed from a URL that includes credentials: ' + input);
    this.url = url.href;
    const method = String(init.method ?? from?.method ?? 'GET');
    this.method = /^(get|head|post|put|delete|options)$/i.test(method) ? method.toUpperCase() : method;
    this.headers = new Headers(init.headers ?? from?.headers);
    this.redirect = init.redirect ?? from?.redirect ?? 'follow';
    this.signal = init.signal ?? from?.signal ?? null;
    const body = init.body ?? from?._body ?? null;
    if (body !== null && (this.method === 'GET' || this.method === 'HEAD')) throw new TypeError('Request with GET/HEAD method cannot have body.');
    this._fill(body);
  }
  clone() { return new Request(this); }
  get [Symbol.toStringTag]() { return 'Request'; }
}

export class Response extends Body {
  status: number;
  statusText: string;
  url = '';
  redirected = false;
  type = 'default';
  constructor(body?: any, init: any = {}) {
    super();
    this.status = init.status ?? 200;
    if (!(this.status >= 200 && this.status <= 599)) throw new RangeError('init["status"] must be in the range of 200 to 599, inclusive.');
    this.statusText = String(init.statusText ?? '');
    this.headers = new Headers(init.headers);
    this._fill(body);
  }
  get ok() { return this.status >= 200 && this.status < 300; }
  clone() {
    if (this.bodyUsed) throw new TypeError('Response.clone: Body has already been consumed.');
    const out = new Response(null, this);
    out.url = this.url;
    out.redirected = this.redirected;
    if (this._body instanceof Uint8Array || this._body === null) out._body = this._body;
    else {
      const all = this.bytes();
      const once = () => new ReadableStream({ async start(c: any) { c.enqueue(await all); c.close(); } });
      this._stream = null;
      this._used = false;
      this._body = once();
      out._body = once();
    }
    return out;
  }
  static json(data: any, init: any = {}) {
    const headers = new Headers(init.headers);
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    return new Response(JSON.stringify(data), { ...init, headers });
  }
  static error() { const r = new Response(); r.status = 0; r.type = 'error'; return r; }
  static redirect(url: string, status = 302) { return new Response(null, { status, headers: { location: new URL(url).href } }); }
  get [Symbol.toStringTag]() { return 'Response'; }
}

async function collect(v: any): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of v) parts.push(toBytes(chunk));
  return concat(parts);
}

export async function fetch(input: any, init?: any): Promise<Response> {
  const request = new Request(input, init);
  const signal = request.signal;
  signal?.throwIfAborted();
  const scheme = new URL(request.url).protocol;
  if (scheme === 'data:') return dataURL(request.url);
  if (scheme !== 'http:' && scheme !== 'https:') throw new TypeError('fetch failed', { cause: new Error('unknown scheme') });
  const id = __native.id();
  const abort = () => __native.cancel(id);
  signal?.addEventListener('abort', abort, { once: true });
  const fail = (e: any): any => (signal?.aborted ? signal.reason : new TypeError('fetch failed', { cause: e }));
  let answer: any;
  try {
    const body = request._body === null || request._body instanceof Uint8Array ? request._body : await collect(request._body);
    answer = await __native.request({ id, url: request.url, method: request.method, headers: [...request.headers], body: body ? body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength) : null, redirect: request.redirect });
  } catch (e) {
    signal?.removeEventListener('abort', abort);
    throw fail(e);
  }
  const stream = new ReadableStream({
    async pull(c: any) {
      let chunk;
      try { chunk = await __native.read(id); } catch (e) { signal?.removeEventListener('abort', abort); return c.error(signal?.aborted ? signal.reason : new TypeError('terminated', { cause: e })); }
      if (chunk === null) { signal?.removeEventListener('abort', abort); c.close(); } else c.enqueue(new Uint8Array(chunk));
    },
    cancel: () => __native.cancel(id),
  });
  const empty = request.method === 'HEAD' || [101, 204, 205, 304].includes(answer.status);
  if (empty) __native.cancel(id);
  const response = new Response(null, { headers: answer.headers });
  response.status = answer.status;
  response.statusText = answer.statusText;
  response.url = answer.url;
  response.redirected = answer.redirected;
  response.type = 'basic';
  response._body = empty ? null : stream;
  return response;
}

function dataURL(url: string): Response {
  const m = /^data:([^,]*?)(;base64)?,(.*)$/s.exec(url);
  if (!m) throw new TypeError('fetch failed');
  const body = m[2] ? Uint8Array.from(atob(decodeURIComponent(m[3])), (c) => c.charCodeAt(0)) : enc(decodeURIComponent(m[3]));
  return new Response(body, { headers: { 'content-type': m[1] || 'text/plain;charset=US-ASCII' } });
}
