// Timers over one Go primitive: set(ms, repeat, fn) → a handle of Go functions.

declare const __native: {
  set(ms: number, repeat: boolean, fn: () => void): any;
  stop(h: any): void;
  ref(h: any, on: boolean): void;
  refresh(h: any): void;
};

const live = new Map<number, Timeout>();
let ids = 0;

class Timeout {
  _id = ++ids;
  _ref = true;
  _h: any;
  _repeat: boolean;
  constructor(fn: (...a: any[]) => void, ms: any, args: any[], repeat: boolean) {
    if (typeof fn !== 'function') {
      const e: any = new TypeError('The "callback" argument must be of type function. Received ' + (fn === null ? 'null' : typeof fn));
      e.code = 'ERR_INVALID_ARG_TYPE';
      throw e;
    }
    let wait = Number(ms);
    if (!(wait >= 1 && wait <= 2147483647)) wait = 1;
    this._repeat = repeat;
    this._h = __native.set(Math.trunc(wait), repeat, () => {
      if (!repeat) live.delete(this._id);
      fn(...args);
    });
    live.set(this._id, this);
  }
  ref() { this._ref = true; __native.ref(this._h, true); return this; }
  unref() { this._ref = false; __native.ref(this._h, false); return this; }
  hasRef() { return this._ref && live.has(this._id); }
  refresh() { __native.refresh(this._h); return this; }
  close() { clearTimeout(this); return this; }
  [Symbol.toPrimitive]() { return this._id; }
  [(Symbol as any).dispose]() { clearTimeout(this); }
}

class Immediate {
  _id = ++ids;
  _h: any;
  constructor(fn: (...a: any[]) => void, args: any[]) {
    if (typeof fn !== 'function') throw new TypeError('The "callback" argument must be of type function');
    this._h = __native.set(0, false, () => fn(...args));
  }
  ref() { __native.ref(this._h, true); return this; }
  unref() { __native.ref(this._h, false); return this; }
  hasRef() { return true; }
  [(Symbol as any).dispose]() { clearImmediate(this); }
}

export function setTimeout(fn: any, ms?: any, ...args: any[]) { return new Timeout(fn, ms, args, false); }
export function setInterval(fn: any, ms?: any, ...args: any[]) { return new Timeout(fn, ms, args, true); }
export function setImmediate(fn: any, ...args: any[]) { return new Immediate(fn, args); }

export function clearTimeout(t?: any) {
  const timer = t instanceof Timeout ? t : live.get(Number(t));
  if (!timer) return;
  live.delete(timer._id);
  __native.stop(timer._h);
}
export const clearInterval = clearTimeout;
export function clearImmediate(t?: any) { if (t instanceof Immediate) __native.stop(t._h); }

function abortable(start: (done: (v: any) => void) => () => void, value: any, signal: any): Promise<any> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal));
    const onAbort = () => { stop(); reject(aborted(signal)); };
    const stop = start(() => { signal?.removeEventListener('abort', onAbort); resolve(value); });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
function aborted(signal: any): Error {
  const e: any = new Error('The operation was aborted', { cause: signal.reason });
  e.name = 'AbortError';
  e.code = 'ABORT_ERR';
  return e;
}

export const promises = {
  setTimeout(ms?: number, value?: any, o: any = {}) {
    return abortable((done) => { const t = setTimeout(done, ms); if (o.ref === false) t.unref(); return () => clearTimeout(t); }, value, o.signal);
  },
  setImmediate(value?: any, o: any = {}) {
    return abortable((done) => { const t = setImmediate(done); return () => clearImmediate(t); }, value, o.signal);
  },
  async *setInterval(ms?: number, value?: any, o: any = {}) {
    for (;;) yield await promises.setTimeout(ms, value, o);
  },
  scheduler: { wait: (ms: number, o?: any) => promises.setTimeout(ms, undefined, o), yield: () => promises.setImmediate() },
};

// util.promisify(setTimeout) is the promise's form, whose arguments differ.
for (const [fn, form] of [[setTimeout, promises.setTimeout], [setImmediate, promises.setImmediate]] as const) {
  Object.defineProperty(fn, Symbol.for('nodejs.util.promisify.custom'), { value: form, enumerable: true });
}
