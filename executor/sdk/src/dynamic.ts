// Jobs that are computed when the run starts, and the groups they form.

import { DefinitionError } from './errors';
import { tagged } from './check';
import type { DynamicGroupRef, DynamicJobFn, Job } from '../sdk';

// Symbol.for, so that marks survive a second copy of the SDK.
export const DYNAMIC_JOB_GROUP_TAG = Symbol.for('kici:dynamicJobGroup');
export const DYNAMIC_JOB_NEEDS_TAG = Symbol.for('kici:dynamicJobNeeds');
export const DYNAMIC_GROUP_TAG = Symbol.for('kici:dynamicGroup');

/** How many jobs one generator may return. */
export const MAX_GENERATED_JOBS = 100;

export function dynamicJob<F extends DynamicJobFn>(group: string, fn: F): F {
  const fail = (field: string, message: string): never => {
    throw new DefinitionError('dynamicJob', String(group), [{ field, message: `${field}: ${message}` }]);
  };
  if (typeof group !== 'string' || group.trim() === '') fail('group', 'expected a non-empty string');
  if (typeof fn !== 'function') fail('fn', 'expected a function that returns jobs');
  const before = getDynamicJobGroup(fn);
  if (before !== undefined) fail('fn', `this function already generates the group '${before}'; wrap it in another function`);
  Object.defineProperty(fn, DYNAMIC_JOB_GROUP_TAG, { value: group });
  return fn;
}

export function getDynamicJobGroup(fn: unknown): string | undefined {
  return typeof fn === 'function' ? (fn as any)[DYNAMIC_JOB_GROUP_TAG] : undefined;
}

export function getDynamicJobNeeds(fn: unknown): unknown {
  return typeof fn === 'function' ? (fn as any)[DYNAMIC_JOB_NEEDS_TAG] : undefined;
}

export function isDynamicJobFn(item: unknown): item is DynamicJobFn {
  return typeof item === 'function';
}

export function dynamicGroup(name: string, options: { ifFailed?: 'skip' | 'run' } = {}): DynamicGroupRef {
  const problems = [];
  if (typeof name !== 'string' || name.trim() === '') {
    problems.push({ field: 'name', message: 'name: expected the name of a group' });
  }
  const policy = options.ifFailed;
  if (policy !== undefined && policy !== 'skip' && policy !== 'run') {
    problems.push({ field: 'ifFailed', message: `ifFailed: got '${policy}', expected 'skip' or 'run'` });
  }
  if (problems.length > 0) throw new DefinitionError('dynamicGroup', String(name), problems);
  const ref = { [DYNAMIC_GROUP_TAG]: true, group: name };
  return (policy === undefined ? ref : { ...ref, ifFailed: policy }) as unknown as DynamicGroupRef;
}

export function isDynamicGroupRef(value: unknown): value is DynamicGroupRef {
  return typeof value === 'object' && value !== null && DYNAMIC_GROUP_TAG in value;
}

/** What a generator returned, proved to be a list of distinct jobs. */
export function checkGenerated(value: unknown, label: string): Job[] {
  const fail = (message: string): never => {
    throw new DefinitionError('dynamicJob', label, [{ field: 'return value', message }]);
  };
  if (!Array.isArray(value)) return fail('the generator must return an array of jobs');
  if (value.length > MAX_GENERATED_JOBS) fail(`the generator returned ${value.length} jobs; at most ${MAX_GENERATED_JOBS} are allowed`);
  const seen = new Set<string>();
  value.forEach((item, i) => {
    if (!tagged(item, 'Job')) fail(`item ${i} of the returned array is not a job made by job()`);
    if (seen.has(item.name)) fail(`two generated jobs are named '${item.name}'`);
    seen.add(item.name);
  });
  return value;
}
