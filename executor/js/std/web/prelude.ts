// What the engine lacks of the language, and the globals. This file runs in
// every VM before anything else, so all that can wait is behind a getter.

import { callable, hidden, missing } from './shared/language';

declare const __native: {
  capture(target: object): void;
};
declare function require(name: string): any;

const G: any = globalThis;

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
