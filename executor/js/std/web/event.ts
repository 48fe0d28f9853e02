// Events and cancellation as the web has them.

declare const __native: { schedule(ms: number, fn: () => void): void };

const codes: Record<string, number> = {
  IndexSizeError: 1, NotFoundError: 8, NotSupportedError: 9, InvalidStateError: 11, SyntaxError: 12,
  InvalidAccessError: 15, NetworkError: 19, AbortError: 20, URLMismatchError: 21, QuotaExceededError: 22,
  TimeoutError: 23, DataCloneError: 25,
};

export class DOMException extends Error {
  #name: string;
  constructor(message = '', options: any = 'Error') {
    const o = typeof options === 'string' ? { name: options } : options ?? {};
    super(message, 'cause' in o ? { cause: o.cause } : undefined);
    this.#name = o.name ?? 'Error';
  }
  get name() { return this.#name; }
  get code() { return codes[this.#name] ?? 0; }
  get [Symbol.toStringTag]() { return 'DOMException'; }
}

export class Event {
  type: string;
  bubbles: boolean;
  cancelable: boolean;
  composed: boolean;
  target: any = null;
  currentTarget: any = null;
  defaultPrevented = false;
  timeStamp = Date.now();
  _stop = false;
  constructor(type: string, init: any = {}) {
    if (arguments.length === 0) throw new TypeError('The "type" argument must be specified');
    this.type = String(type);
    this.bubbles = !!init?.bubbles;
    this.cancelable = !!init?.cancelable;
    this.composed = !!init?.composed;
    Object.defineProperty(this, '_stop', { enumerable: false });
  }
  preventDefault() { if (this.cancelable) this.defaultPrevented = true; }
  stopPropagation() {}
  stopImmediatePropagation() { this._stop = true; }
  composedPath() { return this.currentTarget ? [this.currentTarget] : []; }
  get returnValue() { return !this.defaultPrevented; }
  get srcElement() { return this.target; }
  get [Symbol.toStringTag]() { return 'Event'; }
}

export class CustomEvent extends Event {
  detail: any;
  constructor(type: string, init: any = {}) {
    super(type, init);
    this.detail = init?.detail ?? null;
  }
}

interface Listener { fn: any; once: boolean; gone: boolean }

export class EventTarget {
  #listeners = new Map<string, Listener[]>();
  addEventListener(type: string, fn: any, options?: any) {
    if (fn == null) return;
    const o = typeof options === 'object' && options !== null ? options : {};
    if (o.signal?.aborted) return;
    const list = this.#listeners.get(type) ?? [];
    if (list.some((l) => l.fn === fn)) return;
    list.push({ fn, once: !!o.once, gone: false });
    this.#listeners.set(type, list);
    o.signal?.addEventListener('abort', () => this.removeEventListener(type, fn), { once: true });
  }
  removeEventListener(type: string, fn: any) {
    const list = this.#listeners.get(type);
    const i = list ? list.findIndex((l) => l.fn === fn) : -1;
    if (i < 0) return;
    list![i].gone = true;
    this.#listeners.set(type, list!.filter((_, k) => k !== i));
  }
  dispatchEvent(event: any): boolean {
    event.target = event.currentTarget = this;
    for (const l of [...(this.#listeners.get(event.type) ?? [])]) {
      if (l.gone || event._stop) continue;
      if (l.once) this.removeEventListener(event.type, l.fn);
      try {
        if (typeof l.fn === 'function') l.fn.call(this, event);
        else l.fn.handleEvent(event);
      } catch (e) {
        __native.schedule(0, () => { throw e; });
      }
    }
    event.currentTarget = null;
    return !event.defaultPrevented;
  }
  get [Symbol.toStringTag]() { return 'EventTarget'; }
}

const make = Symbol('make');

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason: any;
  onabort: any = null;
  constructor(key?: unknown) {
    super();
    if (key !== make) throw new TypeError('Illegal constructor');
    Object.defineProperty(this, 'onabort', { enumerable: false });
  }
  get aborted() { return this.#aborted; }
  get reason() { return this.#reason; }
  throwIfAborted() { if (this.#aborted) throw this.#reason; }
  get [Symbol.toStringTag]() { return 'AbortSignal'; }
  static _abort(s: AbortSignal, reason: any) {
    if (s.#aborted) return;
    s.#aborted = true;
    s.#reason = reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
    const e = new Event('abort');
    s.onabort?.(e);
    s.dispatchEvent(e);
  }
  static abort(reason?: any) {
    const s = new AbortSignal(make);
    AbortSignal._abort(s, reason);
    return s;
  }
  static timeout(ms: number) {
    const s = new AbortSignal(make);
    __native.schedule(ms, () => AbortSignal._abort(s, new DOMException('The operation was aborted due to timeout', 'TimeoutError')));
    return s;
  }
  static any(signals: Iterable<AbortSignal>) {
    const s = new AbortSignal(make);
    const all = [...signals];
    const first = all.find((x) => x.aborted);
    if (first) AbortSignal._abort(s, first.reason);
    else for (const x of all) x.addEventListener('abort', () => AbortSignal._abort(s, x.reason), { once: true });
    return s;
  }
}
Object.defineProperty(AbortSignal, '_abort', { enumerable: false });

export class AbortController {
  #signal = new AbortSignal(make);
  get signal() { return this.#signal; }
  abort(reason?: any) { AbortSignal._abort(this.#signal, reason); }
  get [Symbol.toStringTag]() { return 'AbortController'; }
}
