// path: Node's, both flavours, from one implementation each.

const isSep = (c: string) => c === '/' || c === '\\';

function want(name: string, v: unknown): asserts v is string {
  if (typeof v !== 'string') {
    const e: any = new TypeError(`The "${name}" argument must be of type string. Received ${v === null ? 'null' : typeof v === 'object' ? 'an instance of ' + ((v as any).constructor?.name ?? 'Object') : typeof v === 'undefined' ? 'undefined' : `type ${typeof v} (${String(v)})`}`);
    e.code = 'ERR_INVALID_ARG_TYPE';
    throw e;
  }
}

/** Resolves . and .. in a path without its root. */
function squeeze(rest: string, absolute: boolean, sep: string, split: RegExp): string {
  const out: string[] = [];
  for (const part of rest.split(split)) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.length > 0 && out[out.length - 1] !== '..') out.pop();
    else if (!absolute) out.push('..');
  }
  return out.join(sep);
}

/** Length of a Windows root ("C:\", "\\host\share\", "C:", "\") and its device. */
function winRoot(p: string): { root: string; device: string; absolute: boolean } {
  if (/^[A-Za-z]:/.test(p)) {
    const absolute = p.length > 2 && isSep(p[2]);
    return { root: p.slice(0, absolute ? 3 : 2), device: p.slice(0, 2), absolute };
  }
  const unc = /^[\\/]{2}([^\\/]+)[\\/]+([^\\/]+)([\\/]?)/.exec(p);
  if (unc) return { root: unc[0], device: `\\\\${unc[1]}\\${unc[2]}`, absolute: true };
  if (p.length > 0 && isSep(p[0])) return { root: p[0], device: '', absolute: true };
  return { root: '', device: '', absolute: false };
}

function make(windows: boolean, cwd: () => string, env: () => Record<string, string | undefined>): any {
  const sep = windows ? '\\' : '/';
  const split = windows ? /[\\/]+/ : /\/+/;
  const sepAt = (p: string, i: number) => (windows ? isSep(p[i]) : p[i] === '/');
  const rootOf = (p: string) => (windows ? winRoot(p) : { root: p[0] === '/' ? '/' : '', device: '', absolute: p[0] === '/' });

  function normalize(p: string): string {
    want('path', p);
    if (p.length === 0) return '.';
    const { root, device, absolute } = rootOf(p);
    const rest = p.slice(root.length);
    let tail = squeeze(rest, absolute, sep, split);
    const trailing = rest.length > 0 && sepAt(p, p.length - 1);
    if (tail === '' && !absolute) tail = '.';
    if (tail !== '' && trailing) tail += sep;
    return device + (absolute ? sep : '') + tail;
  }

  function resolve(...paths: string[]): string {
    let device = '', tail = '', absolute = false;
    for (let i = paths.length - 1; i >= -1 && !(absolute && (!windows || device)); i--) {
      let p = i >= 0 ? paths[i] : windows && device ? (env()['=' + device] ?? cwd()) : cwd();
      want(`paths[${i}]`, p);
      if (p.length === 0) continue;
      if (windows && i < 0 && device && winRoot(p).device.toLowerCase() !== device.toLowerCase()) p = device + '\\';
      const r = rootOf(p);
      if (r.device) {
        if (device && r.device.toLowerCase() !== device.toLowerCase()) continue;
        device ||= r.device;
      }
      if (!absolute) {
        tail = p.slice(r.root.length) + (tail ? sep + tail : '');
        absolute = r.absolute;
      }
    }
    tail = squeeze(tail, absolute, sep, split);
    return device + (absolute ? sep : '') + tail || '.';
  }

  function dirname(p: string): string {
    want('path', p);
    if (p.length === 0) return '.';
    const { root } = rootOf(p);
    let end = p.length;
    while (end > root.length && sepAt(p, end - 1)) end--;
    while (end > root.length && !sepAt(p, end - 1)) end--;
    if (end > root.length) end--; // one separator, as Node: 'a//b' lies in 'a/'
    if (end === 0) return '.';
    if (!windows && end === 1 && p[1] === '/' && p[0] === '/' && /^\/\/[^/]/.test(p)) return '//';
    return p.slice(0, end) || root || '.';
  }

  function basename(p: string, suffix?: string): string {
    want('path', p);
    if (suffix !== undefined) want('suffix', suffix);
    if (suffix && p === suffix) return '';
    let start = windows && /^[A-Za-z]:/.test(p) ? 2 : 0;
    let end = p.length;
    while (end > start && sepAt(p, end - 1)) end--;
    for (let i = end - 1; i >= start; i--) if (sepAt(p, i)) { start = i + 1; break; }
    const base = p.slice(start, end);
    return suffix && base !== suffix && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base;
  }

  function extname(p: string): string {
    const base = basename(p);
    const dot = base.lastIndexOf('.');
    return dot <= 0 || base === '..' ? '' : base.slice(dot);
  }

  function join(...parts: string[]): string {
    parts.forEach((p) => want('path', p));
    const present = parts.filter((p) => p.length > 0);
    if (present.length === 0) return '.';
    let joined = present.join(sep);
    // Only a first part that is itself a network name may make one.
    if (windows && /^[\\/]{2}/.test(joined) && !/^[\\/]{2}[^\\/]/.test(present[0])) joined = sep + joined.replace(/^[\\/]+/, '');
    return normalize(joined);
  }

  function relative(from: string, to: string): string {
    want('from', from);
    want('to', to);
    const fold = (s: string) => (windows ? s.toLowerCase() : s);
    const a = resolve(from), b = resolve(to);
    if (fold(a) === fold(b)) return '';
    const ra = rootOf(a), rb = rootOf(b);
    if (fold(ra.device) !== fold(rb.device)) return b;
    const as = a.slice(ra.root.length).split(split).filter(Boolean);
    const bs = b.slice(rb.root.length).split(split).filter(Boolean);
    let same = 0;
    while (same < as.length && same < bs.length && fold(as[same]) === fold(bs[same])) same++;
    return [...as.slice(same).map(() => '..'), ...bs.slice(same)].join(sep);
  }

  function parse(p: string): { root: string; dir: string; base: string; ext: string; name: string } {
    want('path', p);
    const { root } = rootOf(p);
    const rest = p.slice(root.length);
    const base = basename(rest);
    const ext = extname(rest);
    let cut = rest.length;
    while (cut > 0 && sepAt(rest, cut - 1)) cut--;
    cut -= base.length;
    const dir = cut > 0 ? root + rest.slice(0, cut - 1) : root;
    return { root, dir, base, ext, name: ext ? base.slice(0, -ext.length) : base };
  }

  function format(o: any): string {
    if (o === null || typeof o !== 'object') want('pathObject', o);
    const ext = o.ext ? (o.ext[0] === '.' ? o.ext : '.' + o.ext) : '';
    const dir = o.dir || o.root;
    const base = o.base || (o.name || '') + ext;
    if (!dir) return base;
    return dir === o.root ? dir + base : dir + sep + base;
  }

  return {
    sep, delimiter: windows ? ';' : ':', normalize, resolve, dirname, basename, extname, join, relative, parse, format,
    isAbsolute(p: string) { want('path', p); return rootOf(p).absolute; },
    toNamespacedPath: (p: string) => p,
  };
}

const cwd = () => process.cwd();
const env = () => process.env as any;
const posix = make(false, cwd, env);
const win32 = make(true, cwd, env);
posix.posix = win32.posix = posix;
posix.win32 = win32.win32 = win32;
const path = process.platform === 'win32' ? win32 : posix;
path.default = path;
module.exports = path;
