// Hook factories, and the one normal form that every hook input has.

import { Check } from './check';
import type { HookConfig, HookFn, HookInput, HookType } from '../sdk';

/** How long a hook may run when it names no timeout: five minutes. */
export const DEFAULT_HOOK_TIMEOUT = 300_000;

function factory(type: HookType) {
  return (input: HookInput): HookConfig => {
    const c = new Check(type);
    if (typeof input === 'function') return config(type, input, undefined);
    const o = c.options(input, ['name', 'type', 'run', 'timeout']);
    if (typeof o['run'] !== 'function') c.add('run', o['run'], 'a function');
    const timeout = c.positive(o, 'timeout', 'milliseconds');
    c.done();
    return config(type, o['run'] as HookFn, timeout);
  };
}

function config(type: HookType, run: HookFn, timeout: number | undefined): HookConfig {
  return { name: run.name || type, type, run, timeout };
}

export const onCancel = factory('onCancel');
export const cleanup = factory('cleanup');
export const onSuccess = factory('onSuccess');
export const onFailure = factory('onFailure');
export const beforeStep = factory('beforeStep');
export const afterStep = factory('afterStep');

/** A hook ready to run. The place it stands in decides when, not its own label. */
export function hookOf(input: HookInput | undefined): { run: HookFn; timeout: number } | undefined {
  if (input === undefined) return undefined;
  if (typeof input === 'function') return { run: input, timeout: DEFAULT_HOOK_TIMEOUT };
  return { run: input.run, timeout: input.timeout ?? DEFAULT_HOOK_TIMEOUT };
}
