// Deep equality, as assert and util mean it.
export const isDeepStrictEqual = (a: any, b: any): boolean => same(a, b, true, []);
export const isDeepEqual = (a: any, b: any): boolean => same(a, b, false, []);

function same(a: any, b: any, strict: boolean, seen: [any, any][]): boolean {
  if (a === b) return a !== 0 || !strict || Object.is(a, b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return strict ? Object.is(a, b) : a == b || (a !== a && b !== b); // eslint-disable-line eqeqeq
  }
  if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const tag = Object.prototype.toString.call(a);
  if (tag !== Object.prototype.toString.call(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  if (seen.some(([x, y]) => x === a && y === b)) return true;
  seen.push([a, b]);
  try {
    return kindEqual(a, b, strict, seen) && keysEqual(a, b, strict, seen);
  } finally {
    seen.pop();
  }
}

function kindEqual(a: any, b: any, strict: boolean, seen: [any, any][]): boolean {
  if (a instanceof Date) return b instanceof Date && Object.is(a.getTime(), b.getTime());
  if (a instanceof RegExp) return b instanceof RegExp && a.source === b.source && a.flags === b.flags && a.lastIndex === b.lastIndex;
  if (a instanceof Error) return b instanceof Error && a.message === b.message && a.name === b.name;
  if (a instanceof Number || a instanceof String || a instanceof Boolean) return Object.is(a.valueOf(), b.valueOf?.());
  if (ArrayBuffer.isView(a)) {
    if (a.byteLength !== b.byteLength) return false;
    const x = new Uint8Array(a.buffer, a.byteOffset, a.byteLength), y = new Uint8Array(b.buffer, b.byteOffset, b.byteLength);
    return x.every((v, i) => v === y[i]);
  }
  if (a instanceof ArrayBuffer) return kindEqual(new Uint8Array(a), new Uint8Array(b), strict, seen);
  if (a instanceof Set) return b instanceof Set && a.size === b.size && [...a].every((v) => b.has(v) || (typeof v === 'object' || !strict) && [...b].some((w) => same(v, w, strict, seen)));
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false;
    return [...a].every(([k, v]) => (b.has(k) ? same(v, b.get(k), strict, seen) : [...b].some(([k2, v2]) => same(k, k2, strict, seen) && same(v, v2, strict, seen))));
  }
  if (a instanceof Promise || a instanceof WeakMap || a instanceof WeakSet) return false;
  return true;
}

function keysEqual(a: any, b: any, strict: boolean, seen: [any, any][]): boolean {
  if (ArrayBuffer.isView(a)) return true;
  if (Array.isArray(a) && a.length !== b.length) return false;
  const keys = Object.keys(a), others = Object.keys(b);
  if (keys.length !== others.length) return false;
  if (!keys.every((k) => Object.prototype.propertyIsEnumerable.call(b, k) && same(a[k], b[k], strict, seen))) return false;
  if (!strict) return true;
  const syms = (o: any) => Object.getOwnPropertySymbols(o).filter((s) => Object.prototype.propertyIsEnumerable.call(o, s));
  const sa = syms(a);
  return sa.length === syms(b).length && sa.every((s) => same(a[s], b[s], strict, seen));
}
