// Finding workflows in a module, and naming what has no name.

import { tagged } from './check';
import type { Job, JobOrFactory, Step, StepInput, Workflow } from '../sdk';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export interface FoundWorkflow {
  /** '#default', '#default[2]' or '#name': where in the module it stands. */
  export: string;
  workflow: Workflow;
}

/** The workflows of a module: its default export first, then named ones in code-unit order. */
export function discoverWorkflows(namespace: Record<string, unknown>): FoundWorkflow[] {
  const found: FoundWorkflow[] = [];
  const main = namespace['default'];
  if (isWorkflow(main)) found.push({ export: '#default', workflow: main });
  if (Array.isArray(main)) {
    main.forEach((item, i) => isWorkflow(item) && found.push({ export: `#default[${i}]`, workflow: item }));
  }
  for (const name of Object.keys(namespace).sort()) {
    const value = namespace[name];
    if (name !== 'default' && isWorkflow(value)) found.push({ export: `#${name}`, workflow: value });
  }
  return found;
}

/** The workflow that discoverWorkflows named `exported`. */
export function findWorkflow(namespace: Record<string, unknown>, exported: string): Workflow | undefined {
  return discoverWorkflows(namespace).find((f) => f.export === exported)?.workflow;
}

/** Every fixture a test module exports by name. */
export function discoverFixtures(namespace: Record<string, unknown>): { export: string; fixture: unknown }[] {
  const names = Object.keys(namespace).filter((n) => n !== 'default').sort();
  return names.filter((n) => isFixture(namespace[n])).map((n) => ({ export: `#${n}`, fixture: namespace[n] }));
}

function isFixture(v: unknown): boolean {
  if (typeof v !== 'object' || v === null) return false;
  const { id, options } = v as { id?: unknown; options?: unknown };
  return typeof id === 'string' && id !== '' && (typeof options === 'function' || (typeof options === 'object' && options !== null));
}

export function isWorkflow(v: unknown): v is Workflow {
  return tagged(v, 'Workflow');
}

export function isJob(v: unknown): v is Job {
  return tagged(v, 'Job');
}

export function isStep(v: unknown): v is Step<any> {
  return tagged(v, 'Step');
}

/** Lock names of a workflow's jobs, aligned with workflow.jobs; generators have none (''). */
export function jobNames(workflow: { jobs: readonly JobOrFactory[] }): string[] {
  let count = 0;
  return workflow.jobs.map((item) => {
    if (typeof item === 'function') return '';
    return uuid.test(item.name) ? `job-${++count}` : item.name;
  });
}

/**
 * Turns a reference in needs into a lock name: by identity for job objects, by
 * the definition-time name for strings (a nameless job's UUID included).
 */
export function jobNamer(workflow: { jobs: readonly JobOrFactory[] }): (ref: Job | string) => string {
  const names = jobNames(workflow);
  const byObject = new Map<unknown, string>();
  const byName = new Map<string, string>();
  workflow.jobs.forEach((item, i) => {
    if (typeof item === 'function') return;
    byObject.set(item, names[i]!);
    byName.set(item.name, names[i]!);
  });
  return (ref) => (typeof ref === 'string' ? (byName.get(ref) ?? ref) : (byObject.get(ref) ?? byName.get(ref.name) ?? ref.name));
}

/** Lock names of a job's steps; only nameless ones count. */
export function stepNames(job: { steps: readonly StepInput[] }): string[] {
  let count = 0;
  return job.steps.map((s) => (typeof s === 'function' || s.name === '' ? `step-${++count}` : s.name));
}

/** A step's parts, whichever form it was written in. `ref` is what outputs are kept under. */
export function stepOf(input: StepInput): { ref: object; run: (...args: any[]) => unknown; options: Partial<Step<any>> } {
  if (typeof input === 'function') return { ref: input, run: input, options: {} };
  return { ref: input, run: input.run, options: input };
}
