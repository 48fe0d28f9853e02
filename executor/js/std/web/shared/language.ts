// What an engine may lack of the language: the embedded one most of it, an
// older Node some. Both runtimes load this, and it replaces nothing.

const G: any = globalThis;

export function hidden(target: any, name: PropertyKey, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
}

export function missing(target: any, name: PropertyKey, value: unknown): void {
  if (target[name] === undefined) hidden(target, name, value);
}

export function callable(f: any): any {
  if (typeof f !== 'function') throw new TypeError(String(f) + ' is not a function');
  return f;
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

// Methods of sets, for anything that has size, has and keys.
const keysOf = function* (other: any) { const it = other.keys(); for (let r = it.next(); !r.done; r = it.next()) yield r.value; };
const setMethods: Record<string, (self: Set<any>, other: any) => any> = {
  union: (self, other) => new Set([...self, ...keysOf(other)]),
  intersection: (self, other) => new Set([...self].filter((v) => other.has(v))),
  difference: (self, other) => new Set([...self].filter((v) => !other.has(v))),
  symmetricDifference: (self, other) => {
    const out = new Set(self);
    for (const v of keysOf(other)) if (!self.has(v)) out.add(v); else out.delete(v);
    return out;
  },
  isSubsetOf: (self, other) => [...self].every((v) => other.has(v)),
  isSupersetOf: (self, other) => [...keysOf(other)].every((v) => self.has(v)),
  isDisjointFrom: (self, other) => [...self].every((v) => !other.has(v)),
};
for (const [name, fn] of Object.entries(setMethods)) {
  missing(Set.prototype, name, { [name](this: Set<any>, other: any) { return fn(this, other); } }[name]);
}
