// console over two streams.

import { inspect, formatWithOptions } from 'kici:inspect';

declare const __native: { write(stream: number, text: string): void; now(): number; trace(): string };

const OUT = 1, ERR = 2;
const none = {};

class Console {
  #indent = '';
  #counts = new Map<string, number>();
  #timers = new Map<string, number>();

  constructor() {
    // Methods are used as values: arr.forEach(console.log).
    for (const name of Object.getOwnPropertyNames(Console.prototype)) {
      if (name === 'constructor') continue;
      const fn = (this as any)[name].bind(this);
      Object.defineProperty(fn, 'name', { value: name });
      (this as any)[name] = fn;
    }
  }
  #print(stream: number, args: any[]) {
    const text = args.length === 1 && typeof args[0] === 'string' ? args[0] : formatWithOptions(none, ...args);
    __native.write(stream, this.#indent ? this.#indent + text.replaceAll('\n', '\n' + this.#indent) : text);
  }
  log(...args: any[]) { this.#print(OUT, args); }
  info(...args: any[]) { this.#print(OUT, args); }
  debug(...args: any[]) { this.#print(OUT, args); }
  warn(...args: any[]) { this.#print(ERR, args); }
  error(...args: any[]) { this.#print(ERR, args); }
  trace(...args: any[]) {
    const text = args.length ? 'Trace: ' + formatWithOptions({}, ...args) : 'Trace';
    this.#print(ERR, [text + __native.trace()]);
  }
  assert(ok: any, ...args: any[]) {
    if (ok) return;
    if (typeof args[0] === 'string') args[0] = 'Assertion failed: ' + args[0];
    else args.unshift('Assertion failed');
    this.#print(ERR, args);
  }
  dir(v: any, o?: any) { this.#print(OUT, [inspect(v, { customInspect: false, ...o })]); }
  dirxml(...args: any[]) { this.#print(OUT, args); }
  group(...args: any[]) {
    if (args.length) this.#print(OUT, args);
    this.#indent += '  ';
  }
  groupCollapsed(...args: any[]) { this.group(...args); }
  groupEnd() { this.#indent = this.#indent.slice(2); }
  count(label: any = 'default') {
    const n = (this.#counts.get(String(label)) ?? 0) + 1;
    this.#counts.set(String(label), n);
    this.#print(OUT, [label + ': ' + n]);
  }
  countReset(label: any = 'default') { this.#counts.delete(String(label)); }
  time(label: any = 'default') { this.#timers.set(String(label), __native.now()); }
  timeLog(label: any = 'default', ...args: any[]) {
    const from = this.#timers.get(String(label));
    if (from !== undefined) this.#print(OUT, [label + ': ' + elapsed(__native.now() - from), ...args]);
  }
  timeEnd(label: any = 'default') {
    this.timeLog(label);
    this.#timers.delete(String(label));
  }
  timeStamp() {}
  profile() {}
  profileEnd() {}
  table(data: any, only?: string[]) {
    if (typeof data !== 'object' || data === null) return this.#print(OUT, [data]);
    this.#print(OUT, [table(data, only)]);
  }
}

function elapsed(ms: number): string {
  if (ms >= 60000) return Math.floor(ms / 60000) + ':' + ((ms % 60000) / 1000).toFixed(3).padStart(6, '0') + ' (m:ss.mmm)';
  return ms >= 1000 ? (ms / 1000).toFixed(3) + 's' : Number(ms.toFixed(3)) + 'ms';
}

const cellText = (v: any) => inspect(v, { depth: typeof v === 'object' && v !== null && !Array.isArray(v) && Object.keys(v).length > 2 ? -1 : 0, maxArrayLength: 3, breakLength: Infinity });

function table(data: any, only?: string[]): string {
  const isMap = data instanceof Map, isSet = data instanceof Set;
  const entries: [any, any, any?][] = isMap ? [...data].map(([k, v], i) => [i, v, k]) : isSet ? [...data].map((v, i) => [i, v]) : Object.keys(data).map((k) => [k, data[k]]);
  const columns: string[] = only ? [...only] : [];
  let values = false;
  for (const [, row] of entries) {
    if (typeof row !== 'object' || row === null || isMap) { values = true; continue; }
    if (!only) for (const k of Object.keys(row)) if (!columns.includes(k)) columns.push(k);
  }
  if (isMap) columns.length = 0;
  const head = [isMap || isSet ? '(iteration index)' : '(index)', ...(isMap ? ['Key'] : []), ...columns, ...(values ? ['Values'] : [])];
  const rows = entries.map(([i, row, key]) => {
    const plain = typeof row !== 'object' || row === null || isMap;
    return [String(i), ...(isMap ? [cellText(key)] : []), ...columns.map((c) => (!plain && Object.hasOwn(row, c) ? cellText(row[c]) : '')), ...(values ? [plain ? cellText(row) : ''] : [])];
  });
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i].length)) + 2);
  const cell = (t: string, w: number) => ' ' + t.padEnd(w - 1);
  const rule = (l: string, m: string, r: string) => l + widths.map((w) => '─'.repeat(w)).join(m) + r;
  const line = (cells: string[]) => '│' + cells.map((c, i) => cell(c, widths[i])).join('│') + '│';
  return [rule('┌', '┬', '┐'), line(head), rule('├', '┼', '┤'), ...rows.map(line), rule('└', '┴', '┘')].join('\n');
}

const instance: any = new Console();
Object.defineProperty(instance, 'Console', { value: Console, enumerable: false });
export = instance;
