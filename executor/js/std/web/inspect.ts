// util.inspect and util.format as Node prints them, for console and util.

declare const __native: {
  promise(p: object): [string, any];          // state and value of a promise
  proxy(v: object): boolean;
  stack(e: object): string | undefined;        // mapped frames, one a line
};

export const custom = Symbol.for('nodejs.util.inspect.custom');

const colors: Record<string, [number, number]> = {
  number: [33, 39], bigint: [33, 39], boolean: [33, 39], string: [32, 39], symbol: [32, 39],
  undefined: [90, 39], null: [1, 22], special: [36, 39], date: [35, 39], regexp: [31, 39], module: [4, 24],
};

interface State { depth: number; colors: boolean; showHidden: boolean; compact: number; breakLength: number; sorted: any; getters: any; maxArrayLength: number; maxStringLength: number; seen: any[]; circular: Map<any, number>; indent: number; level: number; current: number }

export const defaultOptions: any = { depth: 2, colors: false, showHidden: false, compact: 3, breakLength: 80, sorted: false, getters: false, maxArrayLength: 100, maxStringLength: 10000, customInspect: true, showProxy: false, numericSeparator: false };

export function inspect(value: any, options?: any, depth?: any, color?: any): string {
  const given = typeof options === 'boolean' ? { showHidden: options, depth, colors: color } : options ?? {};
  const o: any = { ...defaultOptions };
  for (const k of Object.keys(given)) if (given[k] !== undefined) o[k] = given[k];
  for (const k of ['depth', 'maxArrayLength', 'maxStringLength']) if (o[k] === null) o[k] = Infinity;
  if (o.compact === true) o.compact = 3;
  if (o.compact === false) o.compact = 0;
  return format(value, { ...o, seen: [], circular: new Map(), indent: 0, level: 0, current: 0 }, true);
}
(inspect as any).custom = custom;
(inspect as any).defaultOptions = defaultOptions;
(inspect as any).colors = { reset: [0, 0], bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], inverse: [7, 27], black: [30, 39], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39], magenta: [35, 39], cyan: [36, 39], white: [37, 39], gray: [90, 39], grey: [90, 39] };
(inspect as any).styles = { special: 'cyan', number: 'yellow', bigint: 'yellow', boolean: 'yellow', undefined: 'grey', null: 'bold', string: 'green', symbol: 'green', date: 'magenta', regexp: 'red', module: 'underline' };

function paint(s: State, text: string, kind: string): string {
  const c = s.colors && colors[kind];
  return c ? '\x1b[' + c[0] + 'm' + text + '\x1b[' + c[1] + 'm' : text;
}

const escapes: Record<string, string> = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '\\': '\\\\', '\x0b': '\\x0B' };

function quote(text: string): string {
  let mark = "'";
  if (text.includes("'")) mark = !text.includes('"') ? '"' : !text.includes('`') && !text.includes('${') ? '`' : "'";
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i], n = text.charCodeAt(i);
    if (c === mark) out += '\\' + c;
    else if (escapes[c]) out += escapes[c];
    else if (n < 32 || (n >= 127 && n <= 159)) out += '\\x' + n.toString(16).toUpperCase().padStart(2, '0');
    else if (n >= 0xd800 && n <= 0xdfff) {
      const next = text.charCodeAt(i + 1);
      if (n < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) { out += c + text[i + 1]; i++; }
      else out += '\\u' + n.toString(16).toUpperCase();
    } else out += c;
  }
  return mark + out + mark;
}

function primitive(v: any, s: State, top: boolean): string {
  switch (typeof v) {
    case 'string': {
      let more = '';
      if (v.length > s.maxStringLength) {
        const n = v.length - s.maxStringLength;
        v = v.slice(0, s.maxStringLength);
        more = '... ' + n + ' more character' + (n > 1 ? 's' : '');
      }
      if (!top && v.length > 16 && v.length > s.breakLength - s.indent - 4 && v.includes('\n')) {
        return v.split(/(?<=\n)/).map((l: string) => paint(s, quote(l), 'string')).join(' +\n' + ' '.repeat(s.indent + 2)) + more;
      }
      return paint(s, quote(v), 'string') + more;
    }
    case 'number': return paint(s, Object.is(v, -0) ? '-0' : String(v), 'number');
    case 'bigint': return paint(s, v + 'n', 'bigint');
    case 'boolean': return paint(s, String(v), 'boolean');
    case 'undefined': return paint(s, 'undefined', 'undefined');
    case 'symbol': return paint(s, v.toString(), 'symbol');
  }
  return paint(s, 'null', 'null');
}

function format(v: any, s: State, top = false): string {
  if ((typeof v !== 'object' && typeof v !== 'function') || v === null) return primitive(v, s, top);
  const own = (s as any).customInspect !== false && !__native.proxy(v) ? v[custom] : undefined;
  if (typeof own === 'function' && own !== inspect) {
    const { seen, circular, indent, level, current, ...rest } = s;
    const r = own.call(v, s.depth - s.level, { ...rest, depth: s.depth - s.level, stylize: (t: string, k: string) => paint(s, t, k) }, inspect);
    if (r !== v) return typeof r === 'object' && r !== null ? format(r, s) : String(r).replaceAll('\n', '\n' + ' '.repeat(s.indent));
  }
  if (s.seen.includes(v)) {
    if (!s.circular.has(v)) s.circular.set(v, s.circular.size + 1);
    return paint(s, '[Circular *' + s.circular.get(v) + ']', 'special');
  }
  return object(v, s, top);
}

function className(v: any): string | null {
  for (let o = v; o !== null && o !== undefined; o = Object.getPrototypeOf(o)) {
    const d = Object.getOwnPropertyDescriptor(o, 'constructor');
    if (d && typeof d.value === 'function' && d.value.name !== '' && v instanceof d.value) return d.value.name;
  }
  return null;
}

function prefix(v: any, name: string | null, base: string, size = ''): string {
  let tag = '';
  try { tag = v[Symbol.toStringTag]; } catch { tag = ''; }
  const d = Object.getOwnPropertyDescriptor(v, Symbol.toStringTag);
  const extra = typeof tag === 'string' && tag !== '' && !d?.enumerable && tag !== (name ?? '') && tag !== base ? ' [' + tag + ']' : '';
  if (name === null) return '[' + base + size + ': null prototype]' + extra + ' ';
  return name + size + extra + ' ';
}

function keysOf(v: any, s: State): PropertyKey[] {
  const keys: PropertyKey[] = s.showHidden ? Object.getOwnPropertyNames(v) : Object.keys(v);
  for (const sym of Object.getOwnPropertySymbols(v)) {
    if (s.showHidden || Object.prototype.propertyIsEnumerable.call(v, sym)) keys.push(sym);
  }
  return keys;
}

function object(v: any, s: State, top: boolean): string {
  const name = className(v);
  let keys = keysOf(v, s);
  let open = '{', close = '}', head = '', list = false;
  let body: (() => string[]) | undefined;
  const more = (n: number) => '... ' + n + ' more item' + (n > 1 ? 's' : '');
  if (Array.isArray(v)) {
    keys = keys.filter((k) => typeof k === 'symbol' || !/^(0|[1-9]\d*)$/.test(k as string)).filter((k) => k !== 'length' || s.showHidden);
    head = name === 'Array' ? '' : prefix(v, name, 'Array', '(' + v.length + ')');
    open = '['; close = ']'; list = true;
    body = () => {
      const out: string[] = [];
      const n = Math.min(v.length, s.maxArrayLength);
      let i = 0;
      for (; i < v.length && out.length < n; i++) {
        if (Object.hasOwn(v, i)) { out.push(nested(v[i], s)); continue; }
        let gap = i;
        while (gap < v.length && !Object.hasOwn(v, gap)) gap++;
        out.push(paint(s, '<' + (gap - i) + ' empty item' + (gap - i > 1 ? 's' : '') + '>', 'undefined'));
        i = gap - 1;
      }
      if (i < v.length) out.push(more(v.length - i));
      return out;
    };
  } else if (ArrayBuffer.isView(v) && !(v instanceof DataView)) {
    const t: any = v;
    keys = keys.filter((k) => typeof k === 'symbol' || !/^\d+$/.test(k as string));
    head = prefix(v, name, 'TypedArray', '(' + t.length + ')');
    open = '['; close = ']'; list = true;
    body = () => {
      const out = Array.from(t.slice ? t.subarray(0, Math.min(t.length, s.maxArrayLength)) : [], (x) => primitive(x, s, false));
      if (t.length > s.maxArrayLength) out.push(more(t.length - s.maxArrayLength));
      return out;
    };
  } else if (v instanceof Set) {
    head = prefix(v, name, 'Set', '(' + v.size + ')');
    body = () => Array.from(v, (x) => nested(x, s));
  } else if (v instanceof Map) {
    head = prefix(v, name, 'Map', '(' + v.size + ')');
    body = () => Array.from(v, ([k, x]) => nested(k, s) + ' => ' + nested(x, s));
  } else if (typeof v === 'function') {
    const base = functionText(v, name);
    if (keys.length === 0) return paint(s, base, 'special');
    head = paint(s, base, 'special') + ' ';
  } else if (v instanceof RegExp) {
    head = paint(s, String(v), 'regexp');
    if (keys.length === 0) return head;
    head += ' ';
  } else if (v instanceof Date) {
    head = paint(s, Number.isNaN(v.getTime()) ? 'Invalid Date' : v.toISOString(), 'date');
    if (keys.length === 0) return head;
    head += ' ';
  } else if (v instanceof Error) {
    return errorText(v, s, keys);
  } else if (v instanceof Promise) {
    head = 'Promise ';
    const [state, value] = __native.promise(v);
    body = () => [state === 'pending' ? paint(s, '<pending>', 'special') : state === 'rejected' ? paint(s, '<rejected>', 'special') + ' ' + nested(value, s) : nested(value, s)];
  } else if (v instanceof ArrayBuffer) {
    head = prefix(v, name, 'ArrayBuffer');
    body = () => {
      const b = new Uint8Array(v, 0, Math.min(50, v.byteLength));
      const hex = Array.from(b, (x) => x.toString(16).padStart(2, '0')).join(' ');
      const rest = v.byteLength - b.length;
      return [paint(s, '[Uint8Contents]', 'special') + ': <' + hex + (rest > 0 ? ' ... ' + rest + ' more byte' + (rest > 1 ? 's' : '') : '') + '>', 'byteLength: ' + paint(s, String(v.byteLength), 'number')];
    };
  } else if (v instanceof WeakSet || v instanceof WeakMap) {
    return name + ' { ' + paint(s, '<items unknown>', 'special') + ' }';
  } else if (v instanceof Number || v instanceof String || v instanceof Boolean || v instanceof BigInt || v instanceof Symbol) {
    const kind = v.constructor.name;
    if (v instanceof String) keys = keys.filter((k) => typeof k === 'symbol' || !/^\d+$/.test(k as string));
    head = paint(s, '[' + kind + ': ' + primitive(v.valueOf(), { ...s, colors: false }, true) + ']', kind.toLowerCase());
    if (keys.length === 0) return head;
    head += ' ';
  } else if (Object.prototype.toString.call(v) === '[object Arguments]') {
    head = '[Arguments] ';
  } else if (/ Iterator$/.test(v[Symbol.toStringTag] ?? '') && typeof v.next === 'function') {
    head = 'Object [' + v[Symbol.toStringTag] + '] ';
  } else {
    head = name === 'Object' ? (prefix(v, name, 'Object') === 'Object ' ? '' : prefix(v, name, 'Object')) : prefix(v, name, 'Object');
    if (keys.length === 0) return (head || '') + '{}';
  }
  if (Array.isArray(v) && v.length === 0 && keys.length === 0) return head + '[]';
  if (s.level > s.depth) {
    const shown = Array.isArray(v) ? 'Array' : name === null ? 'Object: null prototype' : (head.trim().replace(/\(\d+\)/, '') || 'Object');
    return paint(s, '[' + shown + ']', 'special');
  }
  s.seen.push(v);
  s.current = ++s.level;
  const level = s.level;
  const out = body ? body() : [];
  for (const k of keys) out.push(property(v, k, s, list));
  s.level--;
  s.seen.pop();
  const mark = s.circular.has(v) ? paint(s, '<ref *' + s.circular.get(v) + '>', 'special') + ' ' : '';
  if (out.length === 0) return mark + head + open + close;
  if (s.sorted && !list) out.sort(typeof s.sorted === 'function' ? s.sorted : undefined);
  return layout(out, mark + head, open, close, s, list, v, level);
}

function nested(v: any, s: State): string {
  s.indent += 2;
  const t = format(v, s);
  s.indent -= 2;
  return t;
}

function property(v: any, k: PropertyKey, s: State, list: boolean): string {
  const d = Object.getOwnPropertyDescriptor(v, k) ?? { value: v[k], enumerable: true };
  let text: string;
  if (d.get) text = paint(s, d.set ? '[Getter/Setter]' : '[Getter]', 'special');
  else if (d.set) text = paint(s, '[Setter]', 'special');
  else text = nested(d.value, s);
  void list;
  const name = typeof k === 'symbol' ? '[' + paint(s, k.toString(), 'symbol') + ']'
    : k === '__proto__' ? "['__proto__']"
    : /^[a-zA-Z_$][\w$]*$/.test(k as string) ? (k as string) : paint(s, quote(k as string), 'string');
  return (d.enumerable ? name : '[' + String(name) + ']') + ': ' + text;
}

function functionText(f: any, name: string | null): string {
  const source = Function.prototype.toString.call(f);
  if (/^class\b/.test(source)) {
    const up = Object.getPrototypeOf(f);
    return '[class ' + (f.name || '(anonymous)') + (up && up.name ? ' extends ' + up.name : '') + ']';
  }
  const kind = name ?? 'Function';
  return '[' + kind + (f.name ? ': ' + f.name : ' (anonymous)') + ']';
}

export function stackOf(e: any): string {
  const mapped = __native.stack(e);
  let head = '';
  try { head = Error.prototype.toString.call(e); } catch { head = 'Error'; }
  const name = className(e);
  if (name && e.name === 'Error' && name !== 'Error' && !head.includes(name)) head = head.replace(/^Error/, name);
  const stack = Object.getOwnPropertyDescriptor(e, 'stack')?.value;
  if (mapped === undefined || (typeof stack === 'string' && !/\(\d+\)\)?\n?$|native\)?\n?$/.test(stack) && stack !== '')) {
    return typeof stack === 'string' && stack ? stack.trimEnd() : '[' + head + ']';
  }
  return mapped ? head + '\n' + mapped : '[' + head + ']';
}

function errorText(e: any, s: State, keys: PropertyKey[]): string {
  let text = stackOf(e);
  keys = keys.filter((k) => k !== 'stack' && k !== 'message' && !(k === 'name' && text.includes(e.name)));
  if (Object.hasOwn(e, 'cause') && !keys.includes('cause')) keys.push('cause');
  if (Array.isArray(e.errors) && !keys.includes('errors')) keys.push('errors');
  if (s.indent) text = text.replaceAll('\n', '\n' + ' '.repeat(s.indent));
  if (keys.length === 0) return text;
  if (s.level > s.depth) return '[' + text.split('\n')[0] + ']';
  s.seen.push(e);
  s.level++;
  const out = keys.map((k) => {
    s.indent += 2;
    const t = (k === 'cause' || k === 'errors' ? '[' + String(k) + ']: ' + format(e[k], s) : undefined);
    s.indent -= 2;
    return t ?? property(e, k, s, false);
  });
  s.level--;
  s.seen.pop();
  const pad = '\n' + ' '.repeat(s.indent + 2);
  return (s.circular.has(e) ? '<ref *' + s.circular.get(e) + '> ' : '') + text + ' {' + pad + out.join(',' + pad) + '\n' + ' '.repeat(s.indent) + '}';
}

const width = (t: string) => t.replace(/\x1b\[\d+m/g, '').length;

// layout joins entries on one line when they fit and hold at most compact
// levels of their own; s.current is the level last entered below.
function layout(out: string[], head: string, open: string, close: string, s: State, list: boolean, v: any, level: number): string {
  const braces = head + open;
  const entries = out.length;
  if (list && entries > 6 && s.compact >= 1) out = columns(out, s, v);
  if (s.current - level < s.compact && entries === out.length) {
    const start = out.length + s.indent + braces.length + 10;
    let total = out.length + start;
    if (total + out.length <= s.breakLength) {
      total += out.reduce((n, t) => n + width(t), 0);
      if (total <= s.breakLength && !out.some((t) => t.includes('\n'))) return braces + ' ' + out.join(', ') + ' ' + close;
    }
  }
  const pad = '\n' + ' '.repeat(s.indent);
  return braces + pad + '  ' + out.join(',' + pad + '  ') + pad + close;
}

// columns sets many short items in a grid.
function columns(out: string[], s: State, v: any): string[] {
  const more = Array.isArray(v) && v.length > s.maxArrayLength ? out.length - 1 : out.length;
  const lens = out.slice(0, more).map(width);
  const longest = Math.max(...lens) + 2;
  const total = lens.reduce((a, b) => a + b + 2, 0);
  if (longest * 3 + s.indent >= s.breakLength || !(total / longest > 5 || longest <= 8)) return out;
  const biased = Math.max(longest - 3 - Math.sqrt(longest - total / out.length), 1);
  const n = Math.min(Math.round(Math.sqrt(2.5 * biased * more) / biased), Math.floor((s.breakLength - s.indent) / longest), s.compact * 4, 15);
  if (n <= 1) return out;
  const numeric = Array.prototype.every.call(Array.from(v as any[]).slice(0, more), (x) => typeof x === 'number' || typeof x === 'bigint');
  const widths: number[] = [];
  for (let c = 0; c < n; c++) {
    let w = 0;
    for (let i = c; i < more; i += n) w = Math.max(w, lens[i]);
    widths.push(w + 2);
  }
  const rows: string[] = [];
  for (let i = 0; i < more; i += n) {
    const end = Math.min(i + n, more);
    let row = '';
    for (let k = i; k < end; k++) {
      const cell = out[k] + (k < end - 1 ? ', ' : '');
      const pad = ' '.repeat(Math.max(0, widths[k - i] - lens[k] - (k < end - 1 ? 2 : numeric ? 2 : widths[k - i])));
      row += numeric ? pad + cell : cell + pad;
    }
    rows.push(row);
  }
  rows.push(...out.slice(more));
  return rows;
}

// plain prints a value that needs no options; undefined for the others. Most of
// what is logged takes this way.
function plain(a: any): string | undefined {
  switch (typeof a) {
    case 'string': return a;
    case 'number': return a === 0 && 1 / a < 0 ? '-0' : '' + a;
    case 'boolean': case 'undefined': return '' + a;
    case 'bigint': return a + 'n';
  }
  return a === null ? 'null' : undefined;
}

function show(a: any, o: any): string {
  return (o.colors && typeof a !== 'string' ? undefined : plain(a)) ?? inspect(a, o);
}

export function formatWithOptions(o: any, ...args: any[]): string {
  const first = args[0];
  let text = '', i = 0;
  if (typeof first === 'string') {
    if (args.length === 1) return first;
    i = 1;
    text = first.includes('%') ? first.replace(/%([sdifjoOc%])/g, (whole, c) => {
      if (c === '%') return '%';
      if (i >= args.length) return whole;
      const a = args[i++];
      switch (c) {
        case 's': return typeof a === 'string' ? a : typeof a === 'bigint' ? a + 'n' : Object.is(a, -0) ? '-0'
          : typeof a === 'object' && a !== null && !ownToString(a) ? inspect(a, { ...o, depth: 0, colors: false }) : String(a);
        case 'd': return typeof a === 'bigint' ? a + 'n' : typeof a === 'symbol' ? 'NaN' : String(Number(a));
        case 'i': return typeof a === 'bigint' ? a + 'n' : typeof a === 'symbol' ? 'NaN' : String(parseInt(a));
        case 'f': return typeof a === 'symbol' ? 'NaN' : String(parseFloat(a));
        case 'j': try { return String(JSON.stringify(a)); } catch { return '[Circular]'; }
        case 'o': return inspect(a, { ...o, showHidden: true, depth: 4 });
        case 'O': return inspect(a, o);
      }
      return '';
    }) : first;
  }
  for (let first = i === 0; i < args.length; i++) {
    text += first ? show(args[i], o) : ' ' + show(args[i], o);
    first = false;
  }
  return text;
}

function ownToString(v: any): boolean {
  if (v instanceof Error || v instanceof Date) return true;
  const f = v.toString;
  return typeof f === 'function' && f !== Object.prototype.toString && f !== Array.prototype.toString;
}

export const formatText = (...args: any[]) => formatWithOptions({}, ...args);
export { formatText as format };
