// The author's code, opened at one place: what executor/step drives. Every
// exported function is a method of its Guest port; parameters and results are
// JSON. The order of things is decided over there, never here.

import * as sdk from '@kici-dev/sdk/internal';
import { context, hookContext, ruleContext, dynamicContext, makeScope, type Opened } from './context';
import { describeJob, hooksOf } from './describe';

type Bag = Record<string, any>;

let opened: Opened;

/** Finds workflow and job in a loaded module. Called once, before all else. */
export async function open(namespace: Bag, job: Bag): Promise<void> {
  const workflow = sdk.findWorkflow(namespace, job.origin.export);
  if (workflow === undefined) {
    throw new Error(`the file no longer exports ${job.origin.export}: compile again`);
  }
  opened = { job, workflow, event: job.event, scope: sdk.createJobScope(), names: [], target: undefined };
  if (job.kind === 'job') await openJob();
  makeScope(opened);
}

async function openJob(): Promise<void> {
  const { job, workflow } = opened;
  const entry = workflow.jobs[job.origin.index];
  if (!job.origin.generated) {
    if (entry === undefined || typeof entry === 'function') throw new Error(`job '${job.base}' is no longer there: compile again`);
    opened.target = entry;
  } else {
    opened.target = await regenerate(entry);
  }
  opened.names = sdk.stepNames(opened.target);
}

/** A generated job exists only as a function of its generator, so that runs again. */
async function regenerate(generator: any): Promise<any> {
  const { job } = opened;
  if (typeof generator !== 'function') throw new Error(`the generator of job '${job.base}' is no longer there: compile again`);
  const jobs = await generate({ index: job.origin.index }, true);
  const names = sdk.jobNames({ jobs });
  const found = jobs[names.indexOf(job.base)];
  if (found === undefined) {
    throw new Error(`the generator is not deterministic: it made '${job.base}' when the run was planned, and now only ${names.join(', ') || 'nothing'}`);
  }
  const before = [...(job.origin.siblings ?? [])].sort().join();
  if (before !== '' && before !== [...names].sort().join()) {
    console.warn(`kici: the generator of '${job.base}' made other jobs this time (${names.join(', ')})`);
  }
  return found;
}

/** What a runtime that had to be replaced knew: outputs by step index, and the environment. */
export function resume({ steps, environment }: { steps: Record<string, unknown>; environment?: string }): void {
  for (const [i, value] of Object.entries(steps)) opened.scope.setStep(sdk.stepOf(opened.target.steps[Number(i)]).ref, value);
  opened.environment = environment;
}

/** Settles unless the runtime runs no promise jobs any more. */
export async function alive(): Promise<void> {
  await null;
}

export function describe(): Bag {
  const { workflow, target, names } = opened;
  const out = target === undefined ? { steps: [], fields: [], rules: 0, hooks: {}, init: [], cache: [] } : describeJob(target, names);
  return { ...out, workflow: { rules: workflow.rules?.length ?? 0, hooks: hooksOf(workflow) } };
}

export async function field({ name, inline }: { name: string; inline?: boolean }): Promise<unknown> {
  const value = opened.target[name];
  const got = typeof value === 'function' ? await value(opened.event) : value;
  if (inline && (got === undefined || got === null)) {
    throw new TypeError(`${name} must be ${name === 'env' ? 'an object of strings' : 'a string'}, not ${got}`);
  }
  if (name === 'environment') opened.environment = got ?? undefined;
  return got ?? null;
}

export async function rules({ level, step }: { level: string; step: number }): Promise<unknown> {
  const list = level === 'workflow' ? opened.workflow.rules : level === 'job' ? opened.target.rules : sdk.stepOf(opened.target.steps[step]).options.rules;
  const verdict = await sdk.evaluateRules(list ?? [], ruleContext(opened), level);
  for (const r of verdict.results) r.passed = Boolean(r.passed);
  return verdict;
}

export async function step({ step }: { step: number }): Promise<{ has: boolean; value?: unknown }> {
  const { run, ref, options } = sdk.stepOf(opened.target.steps[step]);
  const name = opened.names[step]!;
  let raw: unknown;
  try {
    raw = await run(context(opened));
  } catch (e) {
    throw withFacts(e);
  }
  if (options.outputs !== undefined) raw = await sdk.parseOutputs(options.outputs, raw, name);
  if (raw === undefined || raw === null) return { has: false };
  const value = plain(raw, name);
  opened.scope.setStep(ref, value);
  return { has: true, value };
}

/** Lets the facts of a failed command travel with its error, as own properties. */
function withFacts(e: any): unknown {
  if (!(e instanceof Error && 'exitCode' in e && 'stdall' in e)) return e;
  for (const key of ['exitCode', 'signal', 'command']) {
    const value = (e as any)[key];
    if (value !== undefined) Object.defineProperty(e, key, { value, enumerable: true, configurable: true });
  }
  return e;
}

/** Outputs as they will be seen elsewhere: what JSON cannot carry is refused here, where the step can be named. */
function plain(value: unknown, name: string): unknown {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (e) {
    throw new TypeError(`step '${name}' returned outputs that cannot be passed on as JSON: ${(e instanceof Error ? e.message : String(e)).split('\n')[0]}`);
  }
  if (text === undefined) throw new TypeError(`step '${name}' returned a ${typeof value}, which cannot be passed on as JSON`);
  return JSON.parse(text);
}

export async function hook(p: { level: string; kind: string; step: number; outcome: unknown }): Promise<void> {
  const owner = p.level === 'workflow' ? opened.workflow : p.level === 'job' ? opened.target : sdk.stepOf(opened.target.steps[p.step]).options;
  const found = sdk.hookOf(owner[p.kind]);
  if (typeof found?.run !== 'function') throw new TypeError(`${p.kind} must be a function or { run, timeout }`);
  try {
    await found.run(hookContext(opened, p.outcome));
  } catch (e) {
    throw withFacts(e);
  }
}

export async function matrix({ index }: { index: number }): Promise<unknown> {
  const job = opened.workflow.jobs[index];
  const name = sdk.jobNames(opened.workflow)[index];
  return sdk.checkMatrixValue(await job.matrix(dynamicContext(opened, { name, runsOn: labels(job) })), name);
}

export async function group(): Promise<string> {
  const { workflow, event } = opened;
  const ref: unknown = event.payload?.ref;
  const pushed = typeof ref === 'string' ? ref.replace(/^refs\/heads\//, '') : '';
  const branch = event.targetBranch || event.sourceBranch || pushed;
  const got: unknown = await workflow.concurrency.group({ branch, event });
  if (typeof got !== 'string' || got === '') throw new TypeError('concurrency.group must return a non-empty string');
  return got;
}

/** The concurrency group of a job in the lock, when it is a function. */
export async function jobGroup({ index }: { index: number }): Promise<string> {
  const name = sdk.jobNames(opened.workflow)[index];
  const got = await groupOf(opened.workflow.jobs[index], name);
  if (got === undefined) throw new TypeError(`concurrencyGroup of job '${name}' must be a string, not undefined`);
  return got;
}

async function groupOf(job: any, name?: string): Promise<string | undefined> {
  const got: unknown = typeof job.concurrencyGroup === 'function' ? await job.concurrencyGroup(opened.event) : job.concurrencyGroup;
  if (got === undefined || got === null) return undefined;
  if (typeof got !== 'string' || got === '') throw new TypeError(`concurrencyGroup of job '${name}' must return a non-empty string`);
  return got;
}

/** Runs a generator. live asks for the jobs themselves, otherwise they are described. */
export async function generate({ index }: { index: number }, live = false): Promise<any[]> {
  const generator = opened.workflow.jobs[index];
  const jobs: any[] = sdk.checkGenerated(await generator(dynamicContext(opened)), opened.workflow.name);
  if (live) return jobs;
  const names = sdk.jobNames({ jobs });
  const nameOf = sdk.jobNamer({ jobs: [...opened.workflow.jobs, ...jobs] });
  return Promise.all(jobs.map((job, i) => describeGenerated(job, names[i]!, nameOf)));
}

async function describeGenerated(job: any, name: string, nameOf: unknown): Promise<unknown> {
  const dynamic = typeof job.matrix === 'function';
  const matrix = dynamic ? sdk.checkMatrixValue(await job.matrix(dynamicContext(opened, { name, runsOn: labels(job) })), name) : job.matrix;
  const needs = sdk.normalNeeds(job, nameOf).map((n: any) => (n.kind === 'group' ? { group: n.group, ifFailed: n.ifFailed } : { job: n.name, ifFailed: n.ifFailed }));
  const { include, exclude, checkout, timeout, gracePeriod } = job;
  return { name, runsOn: labels(job), needs, matrix, include, exclude, checkout, timeout, gracePeriod, concurrencyGroup: await groupOf(job, name) };
}

function labels(job: any): string {
  return sdk.normalRunsOn(job.runsOn).labels.join(',');
}
