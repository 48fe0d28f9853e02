// Outputs, and the `.result` proxies that read them.
//
// Values live in a scope: one per job execution, entered with enterScope. A
// step's outputs are found by the identity of the Step object (or of the bare
// function), so steps without a name never share a slot; a job's outputs
// are found by its lock name, which the scope knows for every Job object of
// the workflow.

import type { Job, JobOutputs, Step } from '../sdk';

/** Names that tools probe on any object; they answer undefined instead of throwing. */
const probes = new Set([
  'constructor', 'toString', 'valueOf', 'toJSON', 'then', 'length', 'nodeType', 'tagName', 'inspect', '$$typeof',
  'asymmetricMatch', '_tag',
]);

export interface JobScope {
  /** Tells the scope the lock name of a job object; outputs are kept under that name. */
  nameJob(job: object, name: string): void;
  setStep(step: object, outputs: unknown): void;
  hasStep(step: object): boolean;
  step(step: unknown): unknown;
  setJob(name: string, outputs: unknown): void;
  /** Records why a job has no outputs; reading them names the reason. */
  setJobMissing(name: string, reason: string): void;
  job(job: { name: string }): unknown;
  hasJob(job: { name: string }): boolean;
}

export class OutputError extends Error {
  override readonly name = 'OutputError';
}

let current: JobScope | undefined;

/** Makes scope the one that `.result` reads from; undefined leaves it. */
export function enterScope(scope: JobScope | undefined): void {
  current = scope;
}

export function createJobScope(): JobScope {
  return new Scope();
}

class Scope implements JobScope {
  private readonly steps = new Map<object, unknown>();
  private readonly jobs = new Map<string, unknown>();
  private readonly missing = new Map<string, string>();
  private readonly names = new Map<object, string>();

  nameJob(job: object, name: string): void {
    this.names.set(job, name);
  }

  setStep(step: object, outputs: unknown): void {
    if (outputs === undefined || outputs === null) return;
    this.steps.set(step, outputs);
  }

  hasStep(step: object): boolean {
    return this.steps.has(step);
  }

  step(step: unknown): unknown {
    if (this.steps.has(step as object)) return this.steps.get(step as object);
    throw new OutputError(noStepOutputs(step));
  }

  setJob(name: string, outputs: unknown): void {
    if (outputs === undefined || outputs === null) return;
    this.jobs.set(name, outputs);
  }

  setJobMissing(name: string, reason: string): void {
    this.missing.set(name, reason);
  }

  hasJob(job: { name: string }): boolean {
    return this.jobs.has(this.lockName(job));
  }

  job(job: { name: string }): unknown {
    const name = this.lockName(job);
    if (this.jobs.has(name)) return this.jobs.get(name);
    const reason = this.missing.get(name) ?? `it has produced none so far; is '${name}' in needs?`;
    throw new OutputError(`job '${name}' has no outputs: ${reason}`);
  }

  private lockName(job: { name: string }): string {
    return this.names.get(job) ?? job.name;
  }
}

function noStepOutputs(step: unknown): string {
  if (typeof step === 'function') {
    const name = step.name === '' ? 'this function' : `function '${step.name}'`;
    return `${name} has no outputs: it is not a step of this job that ran before`;
  }
  const name = (step as { name?: unknown } | null)?.name;
  if (typeof name !== 'string') return 'outputsOf() takes a step made by step() or a function listed in steps';
  const label = name === '' ? 'this step' : `step '${name}'`;
  return `${label} has no outputs so far: it did not run before in this job, or it returned nothing`;
}

export interface Source {
  has(): boolean;
  get(): unknown;
}

export function stepResult(step: () => Step<any>): any {
  return resultProxy({
    has: () => current?.hasStep(step()) ?? false,
    get: () => (current ?? empty).step(step()),
  });
}

export function jobResult(job: () => Job<any>): any {
  return resultProxy({
    has: () => current?.hasJob(job()) ?? false,
    get: () => (current ?? empty).job(job()),
  });
}

/**
 * The `result` of a step or a job, made when it is first read: it takes a proxy
 * and a handful of functions, and most are never read.
 */
function later(make: (owner: any) => unknown): PropertyDescriptor {
  return {
    enumerable: false,
    configurable: true,
    get() {
      const value = make(this);
      Reflect.defineProperty(this, 'result', { value, enumerable: false, configurable: true }); // not of a frozen one
      return value;
    },
  };
}

export const laterStepResult = later((step) => stepResult(() => step));
export const laterJobResult = later((job) => jobResult(() => job));

const empty: JobScope = new Scope();

interface Target {
  source: Source;
}

function values(t: Target): any {
  return t.source.has() ? Object(t.source.get()) : undefined;
}

/** One for all results: every job and step has one, and most are never read. */
const handler: ProxyHandler<Target> = {
  get: (t, key) => read(t.source, key),
  has: (t, key) => values(t) !== undefined && key in values(t),
  ownKeys: (t) => (values(t) === undefined ? [] : Object.keys(values(t))),
  getOwnPropertyDescriptor(t, key) {
    const all = values(t);
    if (all === undefined || !Object.prototype.propertyIsEnumerable.call(all, key)) return undefined;
    return { value: all[key], enumerable: true, configurable: true, writable: false };
  },
  set(_, key) {
    throw new OutputError(`outputs are read-only: cannot set '${String(key)}'; return the value from the step instead`);
  },
  deleteProperty(_, key) {
    throw new OutputError(`outputs are read-only: cannot delete '${String(key)}'`);
  },
};

/** A read-only object over outputs that may not exist yet. */
export function resultProxy(source: Source): any {
  const target: Target = Object.create(null);
  target.source = source;
  return new Proxy(target, handler);
}

function read(source: Source, key: string | symbol): unknown {
  if (!source.has()) {
    if (typeof key === 'symbol' || probes.has(key)) return undefined;
    return source.get(); // throws, naming the step or job
  }
  const raw = source.get();
  if (typeof raw !== 'object' && key === Symbol.toPrimitive) return () => raw;
  const values = Object(raw);
  if (Object.prototype.hasOwnProperty.call(values, key)) return values[key];
  return Array.isArray(raw) && key !== 'constructor' ? values[key] : undefined;
}

/** True for what a matrix job leaves: every instance's outputs and their merge. */
export function isMatrixJobOutputs(value: unknown): value is { byMatrix: Record<string, JobOutputs>; merged: JobOutputs } {
  if (typeof value !== 'object' || value === null) return false;
  return isObject((value as any).byMatrix) && 'merged' in value;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** Joins the outputs of matrix instances; a later suffix, in sorted order, wins a key. */
export function mergeMatrix(bySuffix: Record<string, unknown>): { byMatrix: Record<string, unknown>; merged: unknown } {
  const byMatrix: Record<string, unknown> = {};
  const merged: Record<string, unknown> = {};
  for (const suffix of Object.keys(bySuffix).sort()) {
    byMatrix[suffix] = bySuffix[suffix];
    Object.assign(merged, bySuffix[suffix]);
  }
  return { byMatrix, merged };
}

// The plumbing names below are part of the published surface. They work on the
// scope that runs, or on maps the caller brings.

export function resolveStepOutputs(ref: unknown, map?: Map<unknown, unknown>, refMap?: Map<unknown, string>): unknown {
  if (map === undefined) return (current ?? empty).step(ref);
  const key = typeof ref === 'function' ? refMap?.get(ref) : (ref as { name?: unknown } | null)?.name;
  if (key !== undefined && map.has(key)) return map.get(key);
  if (map.has(ref)) return map.get(ref);
  throw new OutputError(noStepOutputs(ref));
}

export function resolveJobOutputs(ref: { name: string }, map?: Map<string, unknown>): unknown {
  if (map === undefined) return (current ?? empty).job(ref);
  if (map.has(ref.name)) return map.get(ref.name);
  throw new OutputError(`job '${ref.name}' has no outputs so far; is it in needs?`);
}

/** A read-only view of outputs that are already known. */
export function createSnapshotOutputProxy(outputs: Record<string, unknown>): any {
  return resultProxy({ has: () => true, get: () => outputs });
}
