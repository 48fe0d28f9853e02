// Node's EventEmitter.

type Fn = ((...a: any[]) => any) & { listener?: Fn };

class EventEmitter {
  static defaultMaxListeners = 10;
  static errorMonitor = Symbol('events.errorMonitor');
  static EventEmitter = EventEmitter;
  declare _events: Map<PropertyKey, Fn[]> | undefined;
  constructor() { hide(this); }
  setMaxListeners() { return this; }
  getMaxListeners() { return EventEmitter.defaultMaxListeners; }
  on(name: PropertyKey, fn: Fn) { return add(this, name, fn, false); }
  prependListener(name: PropertyKey, fn: Fn) { return add(this, name, fn, true); }
  once(name: PropertyKey, fn: Fn) { return this.on(name, wrap(this, name, fn)); } // streams begin to flow in on
  prependOnceListener(name: PropertyKey, fn: Fn) { return add(this, name, wrap(this, name, fn), true); }
  off(name: PropertyKey, fn: Fn) {
    const list = table(this).get(name);
    const i = list ? list.findLastIndex((l) => l === fn || l.listener === fn) : -1;
    if (i < 0) return this;
    const rest = list!.filter((_, k) => k !== i);
    if (rest.length) table(this).set(name, rest);
    else table(this).delete(name);
    if (table(this).has('removeListener')) this.emit('removeListener', name, fn);
    return this;
  }
  removeAllListeners(name?: PropertyKey) {
    if (name === undefined) table(this).clear();
    else table(this).delete(name);
    return this;
  }
  emit(name: PropertyKey, ...args: any[]): boolean {
    const list = table(this).get(name);
    if (name === 'error') table(this).get(EventEmitter.errorMonitor)?.forEach((l) => l.apply(this, args));
    if (!list) {
      if (name === 'error') {
        if (args[0] instanceof Error) throw args[0];
        const e: any = new Error('Unhandled error. (' + String(args[0]) + ')');
        e.code = 'ERR_UNHANDLED_ERROR';
        e.context = args[0];
        throw e;
      }
      return false;
    }
    for (const l of [...list]) l.apply(this, args);
    return true;
  }
  listeners(name: PropertyKey) { return (table(this).get(name) ?? []).map((l) => l.listener ?? l); }
  rawListeners(name: PropertyKey) { return [...(table(this).get(name) ?? [])]; }
  listenerCount(name: PropertyKey) { return table(this).get(name)?.length ?? 0; }
  eventNames() { return [...table(this).keys()]; }
  declare addListener: EventEmitter['on'];
  declare removeListener: EventEmitter['off'];

  static once(target: any, name: string, o: any = {}): Promise<any[]> {
    return new Promise((resolve, reject) => {
      const signal = o.signal;
      const clean = () => { target.off?.(name, done); target.off?.('error', fail); signal?.removeEventListener('abort', abort); };
      const done = (...args: any[]) => { clean(); resolve(args); };
      const fail = (e: unknown) => { clean(); reject(e); };
      const abort = () => fail(signal.reason);
      if (signal?.aborted) return reject(signal.reason);
      signal?.addEventListener('abort', abort, { once: true });
      if (target.addEventListener && !target.on) return target.addEventListener(name, done, { once: true });
      target.once(name, done);
      if (name !== 'error') target.once('error', fail);
    });
  }
  static async *on(target: any, name: string, o: any = {}): AsyncGenerator<any[]> {
    const queue: any[][] = [];
    let wake: (() => void) | undefined, failure: { e: unknown } | undefined;
    const push = (...args: any[]) => { queue.push(args); wake?.(); };
    const fail = (e: unknown) => { failure = { e }; wake?.(); };
    target.on(name, push);
    if (name !== 'error') target.on('error', fail);
    o.signal?.addEventListener('abort', () => fail(o.signal.reason), { once: true });
    try {
      for (;;) {
        while (queue.length) yield queue.shift()!;
        if (failure) throw failure.e;
        await new Promise<void>((r) => { wake = r; });
      }
    } finally {
      target.off(name, push);
      target.off('error', fail);
    }
  }
  static listenerCount(target: EventEmitter, name: string) { return target.listenerCount(name); }
  static setMaxListeners() {}
}
EventEmitter.prototype.addListener = EventEmitter.prototype.on;
EventEmitter.prototype.removeListener = EventEmitter.prototype.off;

function hide(e: any) { Object.defineProperty(e, '_events', { value: new Map(), writable: true, configurable: true, enumerable: false }); }

// table also serves objects that took the prototype without the constructor.
function table(e: any): Map<PropertyKey, Fn[]> {
  if (!Object.hasOwn(e, '_events') || !(e._events instanceof Map)) hide(e);
  return e._events;
}

function add(e: EventEmitter, name: PropertyKey, fn: Fn, first: boolean) {
  if (typeof fn !== 'function') {
    const err: any = new TypeError('The "listener" argument must be of type function. Received ' + (fn === null ? 'null' : typeof fn));
    err.code = 'ERR_INVALID_ARG_TYPE';
    throw err;
  }
  const t = table(e);
  if (t.has('newListener')) e.emit('newListener', name, fn.listener ?? fn);
  const list = t.get(name) ?? [];
  t.set(name, first ? [fn, ...list] : [...list, fn]);
  return e;
}

function wrap(e: EventEmitter, name: PropertyKey, fn: Fn): Fn {
  if (typeof fn !== 'function') return fn;
  const w: Fn = function (this: any, ...args: any[]) { e.off(name, w); return fn.apply(this, args); };
  w.listener = fn;
  return w;
}

export = EventEmitter;
