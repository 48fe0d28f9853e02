// Checks of the fields that several factories share: rules, hooks, caches.

import { Check, join, tagged, type Options } from './check';

export const jobHooks = ['onCancel', 'cleanup', 'onSuccess', 'onFailure', 'beforeStep', 'afterStep'] as const;
export const workflowHooks = ['onCancel', 'cleanup', 'onSuccess', 'onFailure'] as const;
export const stepHooks = ['onCancel', 'cleanup'] as const;

export function checkRules(c: Check, o: Options): void {
  if (o['rules'] === undefined) return;
  c.each(o, 'rules', 'rules', (item, field) => {
    if (!tagged(item, 'Rule')) c.add(field, item, "a rule made by rule() or skip()");
  });
}

export function checkHooks(c: Check, o: Options, kinds: readonly string[]): void {
  for (let i = 0; i < kinds.length; i++) checkHook(c, o, kinds[i]!);
}

function checkHook(c: Check, o: Options, kind: string): void {
  const v = o[kind];
  if (v === undefined || typeof v === 'function') return;
  if (typeof v !== 'object' || v === null || typeof (v as Options)['run'] !== 'function') {
    return c.add(kind, v, 'a function or { run, timeout? }');
  }
  c.positive(v as Options, 'timeout', 'milliseconds', `${kind}.timeout`);
}

export function checkCache(c: Check, o: Options, field = 'cache'): void {
  const v = o['cache'];
  if (v === undefined) return;
  if (Array.isArray(v)) return v.forEach((item, i) => checkCacheSpec(c, item, `${field}[${i}]`));
  checkCacheSpec(c, v, field);
}

export function checkCacheSpec(c: Check, v: unknown, field: string): void {
  const spec = c.options(v, ['key', 'paths', 'restoreKeys'], field);
  if (typeof v !== 'object' || v === null || Array.isArray(v)) return;
  if (typeof spec['key'] !== 'string' || spec['key'] === '') c.add(join(field, 'key'), spec['key'], 'a non-empty string');
  if (!Array.isArray(spec['paths']) || spec['paths'].length === 0) {
    c.add(join(field, 'paths'), spec['paths'], 'an array with at least one path');
  } else {
    c.strings(spec, 'paths', join(field, 'paths'));
  }
  c.strings(spec, 'restoreKeys', join(field, 'restoreKeys'));
}
