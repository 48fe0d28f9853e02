// util: Node's helpers. Printing of values is kici:inspect's.
declare const module: { exports: any };
const I = require('kici:inspect');
const Enc = require('kici:encoding');
import { absent } from './absent';
import { isDeepEqual, isDeepStrictEqual } from './equal';
import * as types from './types';

export { isDeepStrictEqual, types };
export const { inspect, format, formatWithOptions } = I;
export const { TextEncoder, TextDecoder } = Enc;

const bad = (name: string, want: string, v: any): never => {
  throw Object.assign(new TypeError(`The "${name}" argument must be of type ${want}. Received ${v === null ? 'null' : v === undefined ? 'undefined' : 'type ' + typeof v}`), { code: 'ERR_INVALID_ARG_TYPE' });
};
const custom = Symbol.for('nodejs.util.promisify.custom');

export function promisify(fn: any): any {
  if (typeof fn !== 'function') bad('original', 'function', fn);
  if (fn[custom]) return fn[custom];
  const p = function (this: any, ...args: any[]) {
    return new Promise((resolve, reject) => fn.call(this, ...args, (e: any, v: any) => (e ? reject(e) : resolve(v))));
  };
  Object.setPrototypeOf(p, Object.getPrototypeOf(fn));
  return Object.defineProperties(p, Object.getOwnPropertyDescriptors(fn));
}
promisify.custom = custom;
export function callbackify(fn: any): any {
  if (typeof fn !== 'function') bad('original', 'function', fn);
  return function (this: any, ...args: any[]) {
    const cb = args.pop();
    fn.apply(this, args).then(
      (v: any) => queueMicrotask(() => cb(null, v)),
      (e: any) => queueMicrotask(() => cb(e ?? Object.assign(new Error('Promise was rejected with a falsy value'), { code: 'ERR_FALSY_VALUE_REJECTION', reason: e }))),
    );
  };
}
export function inherits(c: any, s: any): void {
  if (typeof c !== 'function') bad('ctor', 'function', c);
  if (typeof s !== 'function') bad('superCtor', 'function', s);
  Object.defineProperty(c, 'super_', { value: s, writable: true, configurable: true });
  Object.setPrototypeOf(c.prototype, s.prototype);
}
export function deprecate(fn: any, msg: string, code?: string): any {
  let told = false;
  return function (this: any, ...a: any[]) {
    if (!told) { told = true; console.warn(`${code ? `[${code}] ` : ''}DeprecationWarning: ${msg}`); }
    return new.target ? Reflect.construct(fn, a, new.target) : fn.apply(this, a);
  };
}
export function debuglog(section: string): any {
  const on = String(process.env.NODE_DEBUG ?? '').split(',').some((x) => x.trim().toLowerCase() === section.toLowerCase());
  const log: any = (...a: any[]) => { if (on) console.error(`${section.toUpperCase()} ${process.pid}: ${I.format(...a)}`); };
  log.enabled = on;
  return log;
}
export const debug = debuglog;
export const stripVTControlCharacters = (s: string): string =>
  typeof s === 'string' ? s.replace(/[\u001B\u009B][[\]()#;?]*(?:(?:(?:(?:;[-a-zA-Z\d\/#&.:=?%@~_]+)*|[a-zA-Z\d]+(?:;[-a-zA-Z\d\/#&.:=?%@~_]*)*)?(?:\u0007|\u001B\u005C|\u009C))|(?:(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~]))/g, '') : bad('str', 'string', s);
const styles: Record<string, [number, number]> = {
  reset: [0, 0], bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], blink: [5, 25], inverse: [7, 27], hidden: [8, 28], strikethrough: [9, 29],
  black: [30, 39], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39], magenta: [35, 39], cyan: [36, 39], white: [37, 39], gray: [90, 39], grey: [90, 39],
  redBright: [91, 39], greenBright: [92, 39], yellowBright: [93, 39], blueBright: [94, 39], magentaBright: [95, 39], cyanBright: [96, 39], whiteBright: [97, 39],
  bgBlack: [40, 49], bgRed: [41, 49], bgGreen: [42, 49], bgYellow: [43, 49], bgBlue: [44, 49], bgMagenta: [45, 49], bgCyan: [46, 49], bgWhite: [47, 49],
};
export function styleText(style: string | string[], text: string): string {
  let [open, close] = ['', ''];
  for (const s of [style].flat()) {
    const codes = styles[s];
    if (!codes) throw Object.assign(new TypeError(`The argument 'format' must be one of: ${Object.keys(styles).map((x) => `'${x}'`).join(', ')}. Received '${s}'`), { code: 'ERR_INVALID_ARG_VALUE' });
    open += `\u001b[${codes[0]}m`;
    close = `\u001b[${codes[1]}m` + close;
  }
  return open + text + close;
}
export { parseArgs } from './parseargs';
export const toUSVString = (s: any) => String(s).toWellFormed?.() ?? String(s);
export const isArray = Array.isArray;
export const isError = (e: any) => e instanceof Error;
export const isDeepEqualLoose = isDeepEqual;
export const aborted = (signal: any) => new Promise<void>((r) => (signal.aborted ? r() : signal.addEventListener('abort', () => r(), { once: true })));
const errnos: Record<string, number> = { EPERM: 1, ENOENT: 2, EIO: 5, EBADF: 9, EAGAIN: 11, ENOMEM: 12, EACCES: 13, EEXIST: 17, ENOTDIR: 20, EISDIR: 21, EINVAL: 22, EPIPE: 32, ENOTEMPTY: 39 };
export const getSystemErrorName = (n: number) => Object.keys(errnos).find((k) => errnos[k] === -n);
absent(module.exports, 'util', ['getSystemErrorMap', 'transferableAbortController', 'MIMEType', 'parseEnv']);
