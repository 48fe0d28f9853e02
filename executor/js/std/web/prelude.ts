// What the engine lacks of the language, and the globals. This file runs in
// every VM before anything else, so all that can wait is behind a getter.

declare const __native: {
  capture(target: object): void;
};
declare function require(name: string): any;

const G: any = globalThis;

function hidden(target: any, name: PropertyKey, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
}

function missing(target: any, name: PropertyKey, value: unknown): void {
  if (target[name] === undefined) hidden(target, name, value);
}

// lazy defines names that one module exports; the first read replaces them all.
function lazy(names: string[], load: () => any): void {
  for (const name of names) {
    Object.defineProperty(G, name, {
      configurable: true,
      enumerable: false,
      get() {
        const exports = load();
        for (const n of names) {
          const d = Object.getOwnPropertyDescriptor(G, n);
          if (d && d.get) hidden(G, n, exports[n]);
        }
        return exports[name];
      },
      set(value) {
        hidden(G, name, value);
      },
    });
  }
}

hidden(G, 'global', G);
for (const name of ['asyncIterator', 'dispose', 'asyncDispose']) {
  if (!(Symbol as any)[name]) {
    Object.defineProperty(Symbol, name, { value: Symbol('Symbol.' + name), writable: false, configurable: false });
  }
}

missing(Error, 'captureStackTrace', function captureStackTrace(target: object) {
  __native.capture(target);
});
missing(Error, 'stackTraceLimit', 10);

// A reference is weak by permission, not by duty.
if (!G.WeakRef) {
  hidden(G, 'WeakRef', class WeakRef {
    #target: object;
    constructor(target: object) {
      if ((typeof target !== 'object' || target === null) && typeof target !== 'function') throw new TypeError('WeakRef: target must be an object');
      this.#target = target;
    }
    deref() { return this.#target; }
    get [Symbol.toStringTag]() { return 'WeakRef'; }
  });
  hidden(G, 'FinalizationRegistry', class FinalizationRegistry {
    constructor(cleanup: unknown) {
      if (typeof cleanup !== 'function') throw new TypeError('FinalizationRegistry: cleanup must be callable');
    }
    register() {}
    unregister() { return false; }
    get [Symbol.toStringTag]() { return 'FinalizationRegistry'; }
  });
}

missing(Object, 'groupBy', function groupBy(items: Iterable<any>, key: (v: any, i: number) => PropertyKey) {
  const out = Object.create(null);
  let i = 0;
  for (const item of items) {
    const k = key(item, i++);
    (out[k] ??= []).push(item);
  }
  return out;
});
missing(Map, 'groupBy', function groupBy(items: Iterable<any>, key: (v: any, i: number) => any) {
  const out = new Map();
  let i = 0;
  for (const item of items) {
    const k = key(item, i++);
    const list = out.get(k);
    if (list) list.push(item);
    else out.set(k, [item]);
  }
  return out;
});

missing(Promise, 'withResolvers', function withResolvers(this: any) {
  let resolve, reject;
  const promise = new this((a: any, b: any) => { resolve = a; reject = b; });
  return { promise, resolve, reject };
});
missing(Promise, 'try', function (this: any, fn: (...a: any[]) => any, ...args: any[]) {
  return new this((resolve: any) => resolve(fn(...args)));
});

missing(Array, 'fromAsync', async function fromAsync(this: any, source: any, map?: (v: any, i: number) => any, self?: any) {
  const out: any[] = typeof this === 'function' && this !== Array ? new this() : [];
  let i = 0;
  const add = async (v: any) => { out[i] = map ? await map.call(self, v, i) : v; i++; };
  const open = source[Symbol.asyncIterator] ?? source[Symbol.iterator];
  if (open) {
    const it = open.call(source);
    for (let r = await it.next(); !r.done; r = await it.next()) await add(await r.value);
  } else {
    const length = Number(source.length) || 0;
    for (let k = 0; k < length; k++) await add(await source[k]);
  }
  out.length = i;
  return out;
});

const iteratorProto: any = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
function count(n: any): number {
  const v = Math.trunc(Number(n));
  if (Number.isNaN(v) || v < 0) throw new RangeError(String(n) + ' must be positive');
  return v;
}
function* counted(self: any): Generator<[any, number]> {
  let i = 0;
  for (let r = self.next(); !r.done; r = self.next()) yield [r.value, i++];
}
// generator runs body over self and closes self when it is left early.
function helper(name: string, check: (a: any) => any, body: (self: any, a: any) => Generator<any>): void {
  missing(iteratorProto, name, { [name](this: any, a: any) {
    const arg = check(a);
    const self = this;
    return (function* () {
      let done = false;
      try {
        yield* body(self, arg);
        done = true;
      } finally {
        if (!done || name === 'take') self.return?.();
      }
    })();
  } }[name]);
}
function callable(f: any): any {
  if (typeof f !== 'function') throw new TypeError(String(f) + ' is not a function');
  return f;
}
helper('map', callable, function* (self, f) { for (const [v, i] of counted(self)) yield f(v, i); });
helper('filter', callable, function* (self, f) { for (const [v, i] of counted(self)) if (f(v, i)) yield v; });
helper('flatMap', callable, function* (self, f) { for (const [v, i] of counted(self)) yield* f(v, i); });
helper('take', count, function* (self, n) {
  for (let left = n; left > 0; left--) {
    const r = self.next();
    if (r.done) return;
    yield r.value;
  }
});
helper('drop', count, function* (self, n) { for (const [v, i] of counted(self)) if (i >= n) yield v; });

function consume(name: string, fn: (self: any, a: any, rest: any[]) => any): void {
  missing(iteratorProto, name, { [name](this: any, a: any, ...rest: any[]) { return fn(this, a, rest); } }[name]);
}
function search(self: any, f: any, stop: (hit: boolean) => boolean, found: (v: any) => any, end: any): any {
  callable(f);
  let i = 0;
  for (let r = self.next(); !r.done; r = self.next()) {
    if (stop(!!f(r.value, i++))) {
      self.return?.();
      return found(r.value);
    }
  }
  return end;
}
consume('toArray', (self) => { const out = []; for (let r = self.next(); !r.done; r = self.next()) out.push(r.value); return out; });
consume('forEach', (self, f) => { callable(f); let i = 0; for (let r = self.next(); !r.done; r = self.next()) f(r.value, i++); });
consume('some', (self, f) => search(self, f, (hit) => hit, () => true, false));
consume('every', (self, f) => search(self, f, (hit) => !hit, () => false, true));
consume('find', (self, f) => search(self, f, (hit) => hit, (v) => v, undefined));
consume('reduce', (self, f, rest) => {
  callable(f);
  let acc = rest[0], i = 0;
  if (rest.length === 0) {
    const first = self.next();
    if (first.done) throw new TypeError('Reduce of a done iterator with no initial value');
    acc = first.value;
    i = 1;
  }
  for (let r = self.next(); !r.done; r = self.next()) acc = f(acc, r.value, i++);
  return acc;
});
if (!G.Iterator) {
  const Iterator: any = function Iterator(this: any) {
    if (new.target === undefined || new.target === Iterator) throw new TypeError('Abstract class Iterator not directly constructable');
  };
  Iterator.prototype = iteratorProto;
  hidden(Iterator, 'from', function from(source: any) {
    const it = typeof source[Symbol.iterator] === 'function' ? source[Symbol.iterator]() : source;
    if (iteratorProto.isPrototypeOf(it)) return it;
    const wrapped = Object.create(iteratorProto);
    wrapped.next = () => it.next();
    wrapped.return = () => it.return?.() ?? { done: true, value: undefined };
    return wrapped;
  });
  hidden(G, 'Iterator', Iterator);
}

// The engine's TypedArray.from refuses strings: Uint8Array.from(atob(x), f).
const typedFrom = Object.getPrototypeOf(Uint8Array).from;
hidden(Object.getPrototypeOf(Uint8Array), 'from', function from(this: any, source: any, ...rest: any[]) {
  return typedFrom.call(this, typeof source === 'string' ? [...source] : source, ...rest);
});

// en-US in plain form; real localisation is Node's.
const locale = () => require('kici:locale');
hidden(Number.prototype, 'toLocaleString', function toLocaleString(this: number, l?: any, o?: any) { return locale().number(this, o); });
hidden(BigInt.prototype, 'toLocaleString', function toLocaleString(this: bigint, l?: any, o?: any) { return locale().number(this, o); });
for (const name of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString']) {
  hidden(Date.prototype, name, { [name](this: Date, l?: any, o?: any) { return locale()[name](this, o); } }[name]);
}
lazy(['Intl'], locale);

missing(G, 'queueMicrotask', function queueMicrotask(fn: () => void) {
  callable(fn);
  Promise.resolve().then(fn).catch((e: unknown) => setTimeout(() => { throw e; }, 0));
});

lazy(['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'], () => require('timers'));
lazy(['console'], () => ({ console: require('console') }));
lazy(['process'], () => ({ process: require('process') }));
lazy(['URL', 'URLSearchParams'], () => require('kici:url'));
lazy(['TextEncoder', 'TextDecoder', 'atob', 'btoa'], () => require('kici:encoding'));
lazy(['Event', 'EventTarget', 'CustomEvent', 'DOMException', 'AbortController', 'AbortSignal'], () => require('kici:event'));
lazy(['structuredClone'], () => require('kici:clone'));
lazy(['performance'], () => require('perf_hooks'));
lazy(['Buffer'], () => require('buffer'));
lazy(['crypto'], () => ({ crypto: require('crypto').webcrypto }));
lazy(['fetch', 'Headers', 'Request', 'Response', 'FormData', 'Blob', 'File', 'ReadableStream'], () => require('kici:fetch'));
