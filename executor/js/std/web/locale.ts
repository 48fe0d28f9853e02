// Plain en-US forms of what Intl would do. Other locales need Node.

const group = (digits: string) => digits.replace(/\B(?=(\d{3})+$)/g, ',');

export function number(value: number | bigint, options: any = {}): string {
  if (typeof value === 'bigint') return value < 0n ? '-' + group(String(-value)) : group(String(value));
  if (Number.isNaN(value)) return 'NaN';
  const percent = options.style === 'percent';
  const least = options.minimumFractionDigits ?? (options.style === 'currency' ? 2 : 0);
  const most = options.maximumFractionDigits ?? Math.max(least, percent ? 0 : options.style === 'currency' ? 2 : 3);
  let size = Math.abs(value);
  if (percent) size *= 100;
  let text = '∞';
  if (size !== Infinity) {
    let [whole, part = ''] = size < 1e21 ? size.toFixed(most).split('.') : [BigInt(size).toString()];
    while (part.length > least && part.endsWith('0')) part = part.slice(0, -1);
    if (options.minimumIntegerDigits) whole = whole.padStart(options.minimumIntegerDigits, '0');
    if (options.useGrouping !== false) whole = group(whole);
    text = part ? whole + '.' + part : whole;
  }
  if (percent) text += '%';
  if (options.style === 'currency') text = (options.currency === 'USD' ? '$' : options.currency + '\u00a0') + text;
  return (value < 0 || Object.is(value, -0) ? '-' : '') + text;
}

const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const two = (n: number) => String(n).padStart(2, '0');

function parts(d: Date, o: any) {
  const utc = o?.timeZone === 'UTC' || o?.timeZone === 'GMT';
  if (o?.timeZone && !utc) throw new RangeError('time zone ' + o.timeZone + ' needs Intl, which the embedded runtime does not have; use UTC or runtime: \'node\'');
  return utc
    ? { y: d.getUTCFullYear(), m: d.getUTCMonth(), d: d.getUTCDate(), w: d.getUTCDay(), h: d.getUTCHours(), i: d.getUTCMinutes(), s: d.getUTCSeconds() }
    : { y: d.getFullYear(), m: d.getMonth(), d: d.getDate(), w: d.getDay(), h: d.getHours(), i: d.getMinutes(), s: d.getSeconds() };
}

function date(p: any, o: any): string {
  const year = o.year ?? (o.month || o.day || o.weekday ? undefined : 'numeric');
  const month = o.month ?? (o.year || o.day || o.weekday ? undefined : 'numeric');
  const day = o.day ?? (o.year || o.month || o.weekday ? undefined : 'numeric');
  const y = year && (year === '2-digit' ? two(p.y % 100) : String(p.y));
  const d = day && (day === '2-digit' ? two(p.d) : String(p.d));
  const weekday = o.weekday && (o.weekday === 'long' ? days[p.w] : days[p.w].slice(0, 3));
  if (month === 'long' || month === 'short') {
    const name = month === 'long' ? months[p.m] : months[p.m].slice(0, 3);
    const body = d ? name + ' ' + d + (y ? ', ' + y : '') : name + (y ? ' ' + y : '');
    return weekday ? weekday + ', ' + body : body;
  }
  const m = month && (month === '2-digit' ? two(p.m + 1) : String(p.m + 1));
  const body = [m, d, y].filter(Boolean).join('/');
  return weekday ? (body ? weekday + ', ' + body : weekday) : body;
}

function time(p: any, o: any): string {
  const wanted = o.hour || o.minute || o.second;
  const seconds = !wanted || o.second;
  const minutes = !wanted || o.minute;
  const full = o.hour12 === false || o.hourCycle === 'h23';
  const hour = full ? p.h : p.h % 12 || 12;
  const h = o.hour === '2-digit' || full ? two(hour) : String(hour);
  return [h, minutes && two(p.i), seconds && two(p.s)].filter(Boolean).join(':') + (full ? '' : p.h < 12 ? ' AM' : ' PM');
}

const dateStyles: any = {
  short: { year: '2-digit', month: 'numeric', day: 'numeric' },
  medium: { year: 'numeric', month: 'short', day: 'numeric' },
  long: { year: 'numeric', month: 'long', day: 'numeric' },
  full: { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' },
};

function format(d: Date, options: any, wantDate: boolean, wantTime: boolean): string {
  if (Number.isNaN(d.getTime())) return 'Invalid Date';
  let o = { ...options };
  if (o.dateStyle) { o = { ...o, ...dateStyles[o.dateStyle] }; wantDate = true; wantTime = !!o.timeStyle; }
  if (o.timeStyle) { wantTime = true; wantDate = !!o.dateStyle; if (o.timeStyle === 'short') o = { ...o, hour: 'numeric', minute: '2-digit' }; }
  if (!o.dateStyle && !o.timeStyle) {
    const hasDate = o.year || o.month || o.day || o.weekday, hasTime = o.hour || o.minute || o.second;
    if (hasDate || hasTime) { wantDate = !!hasDate || (wantDate && !wantTime); wantTime = !!hasTime || (wantTime && !wantDate); }
  }
  const p = parts(d, o);
  return [wantDate && date(p, o), wantTime && time(p, o)].filter(Boolean).join(', ');
}

export const toLocaleString = (d: Date, o?: any) => format(d, o, true, true);
export const toLocaleDateString = (d: Date, o?: any) => format(d, o, true, false);
export const toLocaleTimeString = (d: Date, o?: any) => format(d, o, false, true);

function refuse(name: string): any {
  return class { constructor() { throw new Error('Intl.' + name + ' is not available in the embedded runtime; use runtime: \'node\''); } };
}

export const Intl = {
  NumberFormat: class NumberFormat {
    #o: any;
    constructor(_locale?: any, options?: any) { this.#o = options; this.format = this.format.bind(this); }
    format(v: number | bigint) { return number(v, this.#o); }
    resolvedOptions() { return { locale: 'en-US', ...this.#o }; }
  },
  DateTimeFormat: class DateTimeFormat {
    #o: any;
    constructor(_locale?: any, options?: any) { this.#o = options; this.format = this.format.bind(this); }
    format(d?: Date | number) { return format(new Date(d ?? Date.now()), this.#o, true, false); }
    resolvedOptions() { return { locale: 'en-US', calendar: 'gregory', timeZone: 'UTC', ...this.#o }; }
  },
  Collator: class Collator {
    compare = (a: string, b: string) => String(a).localeCompare(String(b));
  },
  PluralRules: class PluralRules {
    select(n: number) { return n === 1 ? 'one' : 'other'; }
  },
  Segmenter: refuse('Segmenter'),
  RelativeTimeFormat: refuse('RelativeTimeFormat'),
  ListFormat: class ListFormat {
    #word: string;
    constructor(_locale?: any, o: any = {}) { this.#word = o.type === 'disjunction' ? 'or' : 'and'; }
    format(items: Iterable<string>) {
      const a = [...items];
      if (a.length < 2) return a.join('');
      if (a.length === 2) return a.join(' ' + this.#word + ' ');
      return a.slice(0, -1).join(', ') + ', ' + this.#word + ' ' + a[a.length - 1];
    }
  },
  getCanonicalLocales: (l?: any) => (l === undefined ? [] : [].concat(l)),
};
