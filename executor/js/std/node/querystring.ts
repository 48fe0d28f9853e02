// querystring: the old codec of URL queries.
declare const module: { exports: any };
export const escape = (s: any): string => encodeURIComponent(String(s));
export const unescape = (s: string): string => {
  try { return decodeURIComponent(s); } catch { return s.replace(/%[0-9a-f]{2}/gi, (m) => String.fromCharCode(parseInt(m.slice(1), 16))); }
};
const one = (v: any): string => (typeof v === 'string' ? v : typeof v === 'number' && Number.isFinite(v) ? String(v) : typeof v === 'boolean' || typeof v === 'bigint' ? String(v) : '');
export function stringify(o: any, sep = '&', eq = '=', opts?: any): string {
  if (o === null || typeof o !== 'object') return '';
  const e = opts?.encodeURIComponent ?? module.exports.escape;
  return Object.keys(o).flatMap((k) => (Array.isArray(o[k]) ? o[k] : [o[k]]).map((v: any) => e(k) + eq + e(one(v)))).join(sep);
}
export function parse(text: any, sep = '&', eq = '=', opts?: any): any {
  const out: any = Object.create(null);
  if (typeof text !== 'string' || text === '') return out;
  const d = (s: string) => (opts?.decodeURIComponent ?? module.exports.unescape)(s.replace(/\+/g, ' '));
  const max = opts?.maxKeys ?? 1000;
  let parts = text.split(sep);
  if (max > 0) parts = parts.slice(0, max);
  for (const p of parts) {
    if (p === '') continue;
    const at = p.indexOf(eq);
    const k = d(at < 0 ? p : p.slice(0, at)), v = at < 0 ? '' : d(p.slice(at + eq.length));
    if (k in out) out[k] = Array.isArray(out[k]) ? [...out[k], v] : [out[k], v];
    else out[k] = v;
  }
  return out;
}
export { stringify as encode, parse as decode };
