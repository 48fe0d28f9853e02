// process.env. The engine holds the same variables, for the commands it starts
// and for setEnv; whatever is said to the other side carries what changed on
// this one, so that neither ever acts on something old.

const real = process.env;
let changed: Record<string, string | null> | undefined;
const seen = new Map<string, number>(); // by name, the number of the change that last touched it

function note(key: string | symbol, value: string | null): void {
  if (typeof key === 'string') (changed ??= Object.create(null))![key] = value;
}

const proxy = new Proxy(real, {
  set(target, key, value) {
    target[key as string] = value;
    note(key, String(value));
    return true;
  },
  deleteProperty(target, key) {
    delete target[key as string];
    note(key, null);
    return true;
  },
  defineProperty(target, key, d) {
    Object.defineProperty(target, key, d);
    note(key, String(d.value));
    return true;
  },
});

export const env = {
  install(): void {
    process.env = proxy;
  },
  /** Our changes since the last time. */
  taken(): Record<string, string | null> | undefined {
    const c = changed;
    changed = undefined;
    return c;
  },
  /** The engine's changes. Two pipes lead here, so an older one may come later. */
  apply(e?: { n: number; v: Record<string, string | null> }): void {
    if (!e) return;
    for (const [key, value] of Object.entries(e.v)) {
      if ((seen.get(key) ?? 0) > e.n) continue;
      seen.set(key, e.n);
      if (value === null) delete real[key];
      else real[key] = value;
    }
  },
};
