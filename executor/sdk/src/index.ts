// Everything a workflow may import from '@kici-dev/sdk'. `z` and
// CacheSpecSchema are added by entry.ts, because they load zod on first use.

export { workflow } from './workflow';
export { job } from './job';
export { step } from './step';
export {
  comment, create, del as delete, dispatch, fork, pr, push, release, review, reviewComment, star, status, tag, watch,
  webhook, workflowRun,
} from './triggers';
export { genericWebhook, jobComplete, kiciEvent, lifecycle, schedule, workflowComplete } from './event-triggers';
export { evaluateRules, isEventType, rule, skip } from './rules';
export { applyIncludeExclude, expandMatrix, isDynamicFunction, isStaticArray, isStaticObject } from './matrix';
export {
  DYNAMIC_GROUP_TAG, DYNAMIC_JOB_GROUP_TAG, DYNAMIC_JOB_NEEDS_TAG, dynamicGroup, dynamicJob, getDynamicJobGroup,
  getDynamicJobNeeds, isDynamicGroupRef, isDynamicJobFn,
} from './dynamic';
export { defineEvent, fixture, normalizeCacheSpecs } from './definitions';
export { afterStep, beforeStep, cleanup, onCancel, onFailure, onSuccess } from './hooks';
export { idempotent, idempotentStep } from './idempotent';
export { waitFor, waitForStep, WaitForTimeoutError } from './wait-for';
export { validateDag } from './dag';
export { createSnapshotOutputProxy, isMatrixJobOutputs, OutputError, resolveJobOutputs, resolveStepOutputs } from './outputs';
export {
  createJobOutputProxy, createStepOutputProxy, getJobOutputsMap, getStepOutputsMap, getStepRefMap, setJobOutputsMap,
  setStepOutputsMap, setStepRefMap,
} from './output-maps';
export { createStepSecrets, SecretNotFoundError } from './secrets';
export { buildKiciApi } from './kici-api';
export { DefinitionError } from './errors';
