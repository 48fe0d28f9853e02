// step(): one unit of work. The factory records where it was called, so that
// logs and the lock point at the author's line.

import { Check, pick, type Options } from './check';
import { locate } from './errors';
import { checkCache, checkHooks, checkRules, stepHooks } from './fields';
import { laterStepResult } from './outputs';
import type { Step } from '../sdk';

const known = ['outputs', 'run', 'continueOnError', 'timeout', 'cache', 'rules', 'onCancel', 'cleanup'];

export const step = ((...args: unknown[]): Step<any> => makeStep(args)) as typeof import('../sdk').step;

/** For step() and the factories that wrap it. */
export function makeStep(args: unknown[]): Step<any> {
  const named = typeof args[0] === 'string';
  const name = named ? (args[0] as string) : '';
  const body = named ? args[1] : args[0];
  const options = typeof body === 'function' ? { run: body } : body;
  checkStep(name, options);
  const fields = (options ?? {}) as Options;
  const made: Options = { _tag: 'Step', name, run: fields['run'] };
  pick(made, fields, known);
  const self = made as unknown as Step<any>;
  Object.defineProperty(made, 'result', laterStepResult);
  mark(made);
  return self;
}

/** Remembers where the author made an object, for the lock and for diagnostics. */
export function mark(made: object): void {
  const at = locate();
  if (at !== undefined) hide(made, '_sourceLocation', at);
}

/** Not enumerable: printing a step must not walk into its outputs. */
export function hide(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: false, configurable: true });
}

function checkStep(name: string, body: unknown): void {
  const c = new Check('step', name === '' ? undefined : name);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    c.add('', body, 'a function or { run, … } after the name');
    return c.done();
  }
  const o = c.options(body, known);
  if (typeof o['run'] !== 'function') c.add('run', o['run'], 'a function');
  c.boolean(o, 'continueOnError');
  c.positive(o, 'timeout', 'milliseconds');
  checkOutputs(c, o['outputs']);
  checkCache(c, o);
  checkRules(c, o);
  checkHooks(c, o, stepHooks);
  c.done();
}

function checkOutputs(c: Check, outputs: unknown): void {
  if (outputs === undefined) return;
  if (typeof outputs !== 'object' || outputs === null || Array.isArray(outputs) || isSchema(outputs)) {
    return c.add('outputs', outputs, 'an object of zod types, such as { version: z.string() }');
  }
  for (const [key, type] of Object.entries(outputs)) {
    if (!isSchema(type)) c.add(`outputs.${key}`, type, 'a zod type');
  }
}

function isSchema(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as Options)['safeParseAsync'] === 'function';
}
