// structuredClone for the types that exist here.

declare function require(name: string): any;

function refuse(v: any): never {
  const { DOMException } = require('kici:event');
  throw new DOMException((typeof v === 'symbol' ? v.toString() : String(v)) + ' could not be cloned.', 'DataCloneError');
}

const errors: any = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

export function structuredClone(value: any, _options?: any): any {
  if (arguments.length === 0) throw new TypeError("The \"value\" argument must be specified");
  const seen = new Map<any, any>();
  const clone = (v: any): any => {
    if (typeof v === 'function' || typeof v === 'symbol') refuse(v);
    if (typeof v !== 'object' || v === null) return v;
    if (seen.has(v)) return seen.get(v);
    const put = (o: any) => { seen.set(v, o); return o; };
    if (v instanceof Date) return put(new Date(v.getTime()));
    if (v instanceof RegExp) return put(new RegExp(v.source, v.flags));
    if (v instanceof Boolean || v instanceof Number || v instanceof String || v instanceof BigInt) return put(Object(v.valueOf()));
    if (v instanceof ArrayBuffer) return put(v.slice(0));
    if (v instanceof DataView) return put(new DataView(clone(v.buffer), v.byteOffset, v.byteLength));
    if (ArrayBuffer.isView(v)) {
      const t: any = v;
      const Plain = (globalThis as any)[Object.prototype.toString.call(v).slice(8, -1)];
      return put(new Plain(clone(t.buffer), t.byteOffset, t.length));
    }
    if (v instanceof Map) {
      const out = put(new Map());
      for (const [k, x] of [...v]) out.set(clone(k), clone(x));
      return out;
    }
    if (v instanceof Set) {
      const out = put(new Set());
      for (const x of [...v]) out.add(clone(x));
      return out;
    }
    if (v instanceof Error) {
      const Kind = errors[v.name] ?? Error;
      const made = put(new Kind(v.message));
      Object.defineProperty(made, 'stack', { value: v.stack, writable: true, configurable: true, enumerable: false });
      if ('cause' in v) Object.defineProperty(made, 'cause', { value: clone((v as any).cause), writable: true, configurable: true, enumerable: false });
      return made;
    }
    if (v instanceof WeakMap || v instanceof WeakSet || v instanceof Promise) refuse('#<' + v.constructor.name + '>');
    if (Array.isArray(v)) {
      const out = put(new Array(v.length));
      for (const k of Object.keys(v)) out[k as any] = clone((v as any)[k]);
      return out;
    }
    const out = put({});
    for (const k of Object.keys(v)) out[k] = clone(v[k]);
    return out;
  };
  return clone(value);
}
