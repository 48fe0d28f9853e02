// What all parts of the description share.

export type Bag = Record<string, any>;

/** Where the SDK saw the factory of x being called; it records what it can. */
export function siteOf(x: any): unknown {
  return x?._sourceLocation;
}

/** Copies the options that are set, so that absent ones stay absent in JSON. */
export function pick(from: Bag, ...keys: string[]): Bag {
  const out: Bag = {};
  for (const key of keys) if (from[key] !== undefined && from[key] !== null) out[key] = from[key];
  return out;
}

/** hasOnCancel: true for every hook that is set. */
export function hookFlags(from: Bag, kinds: readonly string[]): Bag {
  const out: Bag = {};
  for (const kind of kinds) if (from[kind]) out[`has${kind[0]!.toUpperCase()}${kind.slice(1)}`] = true;
  return out;
}

/** Rule functions stay in the source; the lock points at them. */
export function ruleRefs(rules: Bag[], file: string, first: number): Bag[] {
  return rules.map((rule, i) => ({ _type: 'dynamic', label: rule.label, source: { file, index: first + i } }));
}
