// URL over a parser in Go that follows the URL standard.

declare const __native: {
  parse(input: string, base?: string): string[] | undefined;
  set(href: string, part: string, value: string): string[] | undefined;
  encode(s: string): string;
};

const HREF = 0, ORIGIN = 1, PROTOCOL = 2, USERNAME = 3, PASSWORD = 4, HOST = 5, HOSTNAME = 6, PORT = 7, PATHNAME = 8, SEARCH = 9, HASH = 10;
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

function decode(text: string): string {
  const plain = text.replaceAll('+', ' ');
  try { return decodeURIComponent(plain); } catch {
    return plain.replace(/(%[0-9a-f]{2})+/gi, (run) => { try { return decodeURIComponent(run); } catch { return run.replace(/%[89a-f][0-9a-f]/gi, '\ufffd').replace(/%[0-7][0-9a-f]/gi, (x) => decodeURIComponent(x)); } });
  }
}
const encode = (text: string) => encodeURIComponent(text.toWellFormed ? (text as any).toWellFormed() : text).replace(/[!'()~]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase()).replaceAll('%20', '+');

const attach = Symbol('attach');

export class URLSearchParams {
  #list: [string, string][] = [];
  #url: any;
  constructor(init: any = '') {
    if (typeof init === 'object' && init !== null) {
      if (typeof init[Symbol.iterator] === 'function') {
        for (const pair of init) {
          const p = [...pair];
          if (p.length !== 2) throw new TypeError('Each query pair must be an iterable [name, value] tuple');
          this.#list.push([String(p[0]), String(p[1])]);
        }
      } else for (const k of Object.keys(init)) this.#list.push([k, String(init[k])]);
    } else this.#parse(String(init));
  }
  #parse(text: string) {
    this.#list = [];
    if (text.startsWith('?')) text = text.slice(1);
    for (const part of text.split('&')) {
      if (part === '') continue;
      const i = part.indexOf('=');
      this.#list.push(i < 0 ? [decode(part), ''] : [decode(part.slice(0, i)), decode(part.slice(i + 1))]);
    }
  }
  #changed() { this.#url?.(this.toString()); }
  [attach](query: string, update: any) { this.#parse(query); this.#url = update; }
  get size() { return this.#list.length; }
  append(k: any, v: any) { this.#list.push([String(k), String(v)]); this.#changed(); }
  delete(k: any, v?: any) { this.#list = this.#list.filter(([a, b]) => a !== String(k) || (v !== undefined && b !== String(v))); this.#changed(); }
  get(k: any) { return this.#list.find(([a]) => a === String(k))?.[1] ?? null; }
  getAll(k: any) { return this.#list.filter(([a]) => a === String(k)).map(([, b]) => b); }
  has(k: any, v?: any) { return this.#list.some(([a, b]) => a === String(k) && (v === undefined || b === String(v))); }
  set(k: any, v: any) {
    const i = this.#list.findIndex(([a]) => a === String(k));
    if (i < 0) this.#list.push([String(k), String(v)]);
    else {
      this.#list[i][1] = String(v);
      this.#list = this.#list.filter(([a], n) => n <= i || a !== String(k));
    }
    this.#changed();
  }
  sort() { this.#list.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)); this.#changed(); }
  forEach(fn: any, self?: any) { for (const [k, v] of this.#list) fn.call(self, v, k, this); }
  *entries() { for (const [k, v] of this.#list) yield [k, v]; }
  *keys() { for (const [k] of this.#list) yield k; }
  *values() { for (const [, v] of this.#list) yield v; }
  [Symbol.iterator]() { return this.entries(); }
  toString() { return this.#list.map(([k, v]) => encode(k) + '=' + encode(v)).join('&'); }
  [inspectCustom](_d: any, o: any, inspect: any) {
    return 'URLSearchParams {' + (this.#list.length ? ' ' + this.#list.map(([k, v]) => inspect(k, o) + ' => ' + inspect(v, o)).join(', ') + ' ' : '') + '}';
  }
  get [Symbol.toStringTag]() { return 'URLSearchParams'; }
}

export class URL {
  #p: string[];
  #params: URLSearchParams | undefined;
  constructor(input: any, base?: any) {
    const p = __native.parse(String(input), base === undefined ? undefined : String(base));
    if (!p) {
      const e: any = new TypeError('Invalid URL');
      e.code = 'ERR_INVALID_URL';
      e.input = String(input);
      if (base !== undefined) e.base = String(base);
      throw e;
    }
    this.#p = p;
  }
  static canParse(input: any, base?: any) { return __native.parse(String(input), base === undefined ? undefined : String(base)) !== undefined; }
  static parse(input: any, base?: any) { return URL.canParse(input, base) ? new URL(input, base) : null; }
  #set(part: string, value: any) {
    const p = __native.set(this.#p[HREF], part, String(value));
    if (p) this.#p = p;
    if (part === 'search' || part === 'href') this.#link();
  }
  #link() {
    this.#params?.[attach](this.#p[SEARCH], (q: string) => {
      const p = __native.set(this.#p[HREF], 'search', q);
      if (p) this.#p = p;
    });
  }
  get href() { return this.#p[HREF]; }
  set href(v) { const u = new URL(v); this.#p = [...u.#p]; this.#link(); }
  get origin() { return this.#p[ORIGIN]; }
  get protocol() { return this.#p[PROTOCOL]; }
  set protocol(v) { this.#set('protocol', v); }
  get username() { return this.#p[USERNAME]; }
  set username(v) { this.#set('username', v); }
  get password() { return this.#p[PASSWORD]; }
  set password(v) { this.#set('password', v); }
  get host() { return this.#p[HOST]; }
  set host(v) { this.#set('host', v); }
  get hostname() { return this.#p[HOSTNAME]; }
  set hostname(v) { this.#set('hostname', v); }
  get port() { return this.#p[PORT]; }
  set port(v) { this.#set('port', v); }
  get pathname() { return this.#p[PATHNAME]; }
  set pathname(v) { this.#set('pathname', v); }
  get search() { return this.#p[SEARCH]; }
  set search(v) { this.#set('search', v); }
  get hash() { return this.#p[HASH]; }
  set hash(v) { this.#set('hash', v); }
  get searchParams() {
    if (!this.#params) { this.#params = new URLSearchParams(); this.#link(); }
    return this.#params;
  }
  toString() { return this.#p[HREF]; }
  toJSON() { return this.#p[HREF]; }
  [inspectCustom](_d: any, o: any, inspect: any) {
    const { href, origin, protocol, username, password, host, hostname, port, pathname, search, searchParams, hash } = this;
    return 'URL ' + inspect({ href, origin, protocol, username, password, host, hostname, port, pathname, search, searchParams, hash }, o);
  }
  get [Symbol.toStringTag]() { return 'URL'; }
}

export function fileURLToPath(u: any): string {
  const url = typeof u === 'string' ? new URL(u) : u;
  if (url.protocol !== 'file:') {
    const e: any = new TypeError('The URL must be of scheme file');
    e.code = 'ERR_INVALID_URL_SCHEME';
    throw e;
  }
  if (/%2f/i.test(url.pathname)) throw new TypeError('File URL path must not include encoded / characters');
  const path = decodeURIComponent(url.pathname);
  return /^\/[a-z]:/i.test(path) ? path.slice(1).replaceAll('/', '\\') : path;
}
export function pathToFileURL(path: string): URL {
  if (!path.startsWith('/') && !/^[a-z]:/i.test(path)) path = (globalThis as any).process.cwd() + '/' + path;
  const u = new URL('file:///');
  u.pathname = path.replaceAll('\\', '/').replaceAll('%', '%25').replaceAll('?', '%3F').replaceAll('#', '%23');
  return u;
}
export const urlToHttpOptions = (u: URL) => ({ protocol: u.protocol, hostname: u.hostname, hash: u.hash, search: u.search, pathname: u.pathname, path: u.pathname + u.search, href: u.href, ...(u.port ? { port: Number(u.port) } : {}), ...(u.username ? { auth: u.username + ':' + u.password } : {}) });
export const format = (u: any) => (typeof u === 'string' ? u : u.href ?? (u.protocol ?? '') + '//' + (u.host ?? u.hostname ?? '') + (u.pathname ?? '') + (u.search ?? ''));
export const parse = (text: string) => {
  const u = URL.parse(text);
  if (!u) return { href: text, protocol: null, host: null, hostname: null, port: null, pathname: text.split(/[?#]/)[0], search: null, query: null, hash: null };
  return { href: u.href, protocol: u.protocol, slashes: true, auth: u.username || null, host: u.host, hostname: u.hostname, port: u.port || null, pathname: u.pathname, search: u.search || null, query: u.search.slice(1) || null, hash: u.hash || null, path: u.pathname + u.search };
};
export const resolve = (from: string, to: string) => new URL(to, from).href;
