// Jobs and steps.

import {
  getDynamicJobGroup, jobHooks, lockNeeds, normalizeCacheSpecs, normalNeeds, normalResources, normalRunsOn, stepHooks, stepNames,
} from '@kici-dev/sdk/internal';
import { type Bag, hookFlags, pick, ruleRefs, siteOf } from './common';

export function describeGenerator(fn: Function, file: string, index: number): Bag {
  const group = getDynamicJobGroup(fn);
  return { lock: { _type: 'dynamic', source: { file, index }, ...(group !== undefined && { group }) } };
}

/** nameOf leads from a job object, or a name written in needs, to a lock name. */
export function describeJob(job: any, file: string, index: number, nameOf: (ref: any) => string): Bag {
  const name = nameOf(job);
  const needs = normalNeeds(job, nameOf);
  const where = normalRunsOn(job.runsOn);
  const lock: Bag = {
    _type: 'static',
    name,
    runsOn: where.labels,
    excludeLabels: where.exclude,
    needs: lockNeeds(needs),
    dependsOnGroups: needs.flatMap((n: any) => (n.kind === 'group' ? [n.group] : [])),
    steps: describeSteps(job, file),
    ...pick(job, 'include', 'exclude', 'description', 'checkout', 'container', 'gracePeriod', 'timeout', 'init'),
    ...hookFlags(job, jobHooks),
  };
  if (job.matrix !== undefined) lock.matrix = lockMatrix(job.matrix, file, name);
  if (job.rules !== undefined) lock.rules = ruleRefs(job.rules, file, index * 100);
  if (job.cache !== undefined) lock.cache = cacheList(job.cache);
  if (job.resources !== undefined) lock.resources = normalResources(job.resources);
  const fields: Bag = {};
  for (const key of ['environment', 'env', 'concurrencyGroup']) {
    const value = job[key];
    if (typeof value === 'function') fields[key] = { function: Function.prototype.toString.call(value) };
    else if (value !== undefined) lock[key] = value;
  }
  const steps = job.steps.map((step: unknown) => siteOf(step) ?? null);
  return { at: siteOf(job), lock, fields, named: job.name === name, label: !where.defaulted, steps };
}

function lockMatrix(matrix: unknown, file: string, jobName: string): Bag {
  if (typeof matrix === 'function') return { _type: 'dynamic', source: { file, jobName } };
  return { _type: 'static', values: matrix };
}

function cacheList(cache: unknown): Bag[] {
  return normalizeCacheSpecs(cache as any).map((spec: Bag) => pick(spec, 'key', 'paths', 'restoreKeys'));
}

function describeSteps(job: any, file: string): Bag[] {
  const names = stepNames(job);
  return job.steps.map((step: any, i: number) => (typeof step === 'function' ? { name: names[i], hasOutputs: false } : describeStep(step, names[i]!, file)));
}

function describeStep(step: any, name: string, file: string): Bag {
  const at = siteOf(step) as Bag | undefined;
  const lock: Bag = {
    name,
    hasOutputs: step.outputs !== undefined && Object.keys(step.outputs).length > 0,
    ...pick(step, 'continueOnError', 'timeout'),
    ...hookFlags(step, stepHooks),
  };
  if (step.cache !== undefined) lock.cache = cacheList(step.cache);
  if (at !== undefined) lock.sourceLocation = pick(at, 'file', 'line', 'column');
  if (step.rules?.length > 0) {
    lock.hasRules = true;
    lock.rules = ruleRefs(step.rules, at?.file ?? file, 0);
  }
  return lock;
}
