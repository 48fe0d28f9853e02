// What the step engine is told about a job before it runs.

import * as sdk from '@kici-dev/sdk/internal';

type Bag = Record<string, any>;

const kinds = ['onCancel', 'cleanup', 'onSuccess', 'onFailure', 'beforeStep', 'afterStep'];

/** The hooks that are set; a hook of the wrong shape is found when it runs. */
export function hooksOf(owner: Bag): Bag {
  const out: Bag = {};
  for (const kind of kinds) {
    const input = owner[kind];
    if (input !== undefined && input !== null) out[kind] = { timeout: input.timeout ?? 0 };
  }
  return out;
}

export function describeJob(job: Bag, names: string[]): Bag {
  return {
    steps: job.steps.map((s: any, i: number) => describeStep(sdk.stepOf(s).options, names[i]!)),
    fields: ['environment', 'env'].filter((name) => job[name] !== undefined),
    rules: job.rules?.length ?? 0,
    hooks: hooksOf(job),
    timeout: job.timeout ?? 0,
    gracePeriod: job.gracePeriod ?? 0,
    init: inits(job.init),
    cache: sdk.normalizeCacheSpecs(job.cache),
  };
}

function describeStep(options: Bag, name: string): Bag {
  const site = options._sourceLocation;
  return {
    name,
    timeout: options.timeout ?? 0,
    continueOnError: options.continueOnError === true,
    rules: options.rules?.length ?? 0,
    hooks: hooksOf(options),
    cache: sdk.normalizeCacheSpecs(options.cache),
    file: site?.file ?? '',
    line: site?.line ?? 0,
  };
}

function inits(init: any): Bag[] {
  if (init === undefined || init === null || init === false) return [];
  return (Array.isArray(init) ? init : [init]).map((entry) => {
    if (entry === 'mise' || entry === 'auto') return { preset: entry };
    if (entry.mise !== undefined) {
      const options = entry.mise === true ? {} : entry.mise;
      return { ...options, cache: sdk.normalizeCacheSpecs(options.cache), preset: 'mise' };
    }
    const { run, shell = '', timeout = 0, env } = entry;
    return { run, shell, timeout, env, cache: sdk.normalizeCacheSpecs(entry.cache) };
  });
}
