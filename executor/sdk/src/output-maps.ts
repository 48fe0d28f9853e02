// The published low-level names for outputs. Runners of ours use scopes
// (outputs.ts); these let a program keep outputs in plain maps by name.

import { resolveJobOutputs, resolveStepOutputs, resultProxy } from './outputs';

interface Maps {
  steps: Map<string, unknown>;
  jobs: Map<string, unknown>;
  refs: Map<unknown, string>;
}

const maps: Maps = { steps: new Map(), jobs: new Map(), refs: new Map() };

export const getStepOutputsMap = (): Map<string, unknown> => maps.steps;
export const getJobOutputsMap = (): Map<string, unknown> => maps.jobs;
export const getStepRefMap = (): Map<unknown, string> => maps.refs;

export function setStepOutputsMap(map: Map<string, unknown>): void {
  maps.steps = map;
}

export function setJobOutputsMap(map: Map<string, unknown>): void {
  maps.jobs = map;
}

export function setStepRefMap(map: Map<unknown, string>): void {
  maps.refs = map;
}

export function createStepOutputProxy(name: string): any {
  return resultProxy({ has: () => maps.steps.has(name), get: () => resolveStepOutputs({ name }, maps.steps, maps.refs) });
}

export function createJobOutputProxy(name: string): any {
  return resultProxy({ has: () => maps.jobs.has(name), get: () => resolveJobOutputs({ name }, maps.jobs) });
}
