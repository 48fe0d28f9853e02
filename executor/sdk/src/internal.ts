// '@kici-dev/sdk/internal': the plumbing behind the SDK, for the compiler's
// describe program and the runner's guest. Authors never import it, and both
// users rely on it being the only implementation of what it does:
//
//   discoverWorkflows(namespace)   → [{ export: '#default' | '#default[2]' | '#name', workflow }], in lock order
//   findWorkflow(namespace, export), discoverFixtures(namespace)
//   jobNames(workflow)             → lock names aligned with workflow.jobs ('' for a generator)
//   jobNamer(workflow)             → (Job | name) ⇒ lock name, also for nameless jobs and forward references
//   stepNames(job)                 → lock names aligned with job.steps
//   stepOf(input)                  → { ref, run, options }: a step or a bare function in one form
//   lockTriggers(workflow)         → triggers exactly as the lock holds them (push with tags is two)
//   normalRunsOn(job.runsOn)       → { labels, exclude, defaulted }
//   normalNeeds(job, namer)        → [{kind:'job',…} | {kind:'group',…}];  lockNeeds(those) → lock form
//   normalResources(job.resources) → flat shorthand expanded
//   normalizeCacheSpecs(x)         → always a list
//   hookOf(input)                  → { run, timeout } | undefined; DEFAULT_HOOK_TIMEOUT
//   instances(name, matrix, include, exclude) → [{ name, values? }] of one job; MAX_MATRIX
//   checkMatrixValue(v, jobName)   → what a matrix function returned, or TypeError
//   checkGenerated(v, label)       → what a generator returned, or DefinitionError; MAX_GENERATED_JOBS
//   createJobScope(), enterScope(scope) → outputs of one job execution, what `.result` reads (outputs.ts)
//   mergeMatrix(bySuffix)          → { byMatrix, merged }
//   parseOutputs(schemas, value, stepName) → validated step outputs, or OutputValidationError
//   evaluateRules, createStepSecrets, buildKiciApi, validateDag, expandMatrix, …: as published
//
// Objects: Workflow { _tag, name, on?: Trigger[], jobs, …options }, Job { _tag, name, steps, needs, …options,
// result }, Step { _tag, name, run, …options, result, _sourceLocation? }. Options that were not given are absent.
// Errors of factories are DefinitionError { factory, subject?, problems: [{ field, message, given?, expected?,
// suggestion? }] }; their stack points at the author's call.

import { applyIncludeExclude, expandMatrix, matrixSuffix } from './matrix';
import type { MatrixExclude, MatrixInclude, MatrixValues, StaticMatrixArray, StaticMatrixObject } from '../sdk';

export { applyIncludeExclude, checkMatrixValue, expandMatrix, isDynamicFunction, isStaticArray, isStaticObject, MAX_MATRIX, matrixSuffix } from './matrix';
export { checkGenerated, getDynamicJobGroup, getDynamicJobNeeds, isDynamicGroupRef, isDynamicJobFn, MAX_GENERATED_JOBS } from './dynamic';
export { createJobScope, enterScope, isMatrixJobOutputs, mergeMatrix, OutputError } from './outputs';
export { OutputValidationError, parseOutputs } from './step-outputs';
export { discoverFixtures, discoverWorkflows, findWorkflow, isJob, isStep, isWorkflow, jobNamer, jobNames, stepNames, stepOf } from './names';
export { DEFAULT_LABEL, lockNeeds, lockTrigger, lockTriggers, normalNeeds, normalRunsOn } from './lock';
export { normalResources } from './resources';
export { normalizeCacheSpecs } from './definitions';
export { DEFAULT_HOOK_TIMEOUT, hookOf } from './hooks';
export { evaluateRules } from './rules';
export { validateDag } from './dag';
export { createStepSecrets, SecretNotFoundError } from './secrets';
export { buildKiciApi } from './kici-api';
export { DefinitionError } from './errors';
export { jobHooks, stepHooks, workflowHooks } from './fields';

export interface Instance {
  /** 'test', or 'test (18, linux)' for an instance of a matrix. */
  name: string;
  values?: MatrixValues;
}

/** The instances of one job; a job without a matrix has one, a matrix may also come down to none. */
export function instances(
  name: string,
  matrix: StaticMatrixArray | StaticMatrixObject | undefined,
  include?: readonly MatrixInclude[],
  exclude?: readonly MatrixExclude[],
): Instance[] {
  if (matrix === undefined) return [{ name }];
  const all = applyIncludeExclude(expandMatrix(matrix), include, exclude);
  return all.map((values) => ({ name: `${name} (${matrixSuffix(values)})`, values }));
}
