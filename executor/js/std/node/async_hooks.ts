// async_hooks: AsyncLocalStorage over the flow the loop keeps for us.
declare const module: { exports: any };
declare const __native: { get(): any; set(v: any): void };
import { absent } from './absent';

const current = (): Map<any, any> => __native.get() ?? new Map();
export class AsyncLocalStorage<T> {
  getStore(): T | undefined { return current().get(this); }
  run<R>(store: T, fn: (...a: any[]) => R, ...args: any[]): R {
    const before = __native.get();
    this.enterWith(store);
    try { return fn(...args); } finally { __native.set(before); }
  }
  exit<R>(fn: (...a: any[]) => R, ...args: any[]): R { return this.run(undefined as any, fn, ...args); }
  enterWith(store: T): void { __native.set(new Map(current()).set(this, store)); }
  disable(): void { const m = new Map(current()); m.delete(this); __native.set(m); }
  static bind(fn: any): any { return AsyncResource.bind(fn); }
  static snapshot(): any { const r = new AsyncResource('snapshot'); return (fn: any, ...a: any[]) => r.runInAsyncScope(fn, undefined, ...a); }
}
export class AsyncResource {
  #flow = __native.get();
  constructor(readonly type: string) {}
  runInAsyncScope(fn: any, self?: any, ...args: any[]): any {
    const before = __native.get();
    __native.set(this.#flow);
    try { return fn.apply(self, args); } finally { __native.set(before); }
  }
  bind(fn: any): any { const r = this; return function (this: any, ...a: any[]) { return r.runInAsyncScope(fn, this, ...a); }; }
  static bind(fn: any, type = 'bound'): any { return new AsyncResource(type).bind(fn); }
  emitDestroy() { return this; }
  asyncId() { return 1; }
  triggerAsyncId() { return 0; }
}
export const executionAsyncId = () => 1;
export const triggerAsyncId = () => 0;
absent(module.exports, 'async_hooks', ['createHook', 'executionAsyncResource']);
