// The objects that the author's functions get.

import * as sdk from '@kici-dev/sdk/internal';
import * as engine from 'kici:engine';
import { createShell } from 'kici:shell';

type Bag = Record<string, any>;

/** The workflow and, for a job, the place in it that this VM was opened at. */
export interface Opened {
  job: Bag; // executor.Job
  workflow: any;
  event: any;
  scope: any;
  target: any; // the SDK's job object
  names: string[]; // of its steps
  environment?: string;
  shared?: Shared;
}

/** What is the same in every context of a job, and made once: a function costs as much as all else in an object. */
interface Shared {
  job: { name: string; runsOn: string };
  outputsOf: (ref: unknown) => unknown;
  jobOutputs: (ref: { name: string }) => unknown;
}

/** Fills the scope that `.result` reads with what finished jobs left. */
export function makeScope(o: Opened): void {
  const names = sdk.jobNames(o.workflow);
  o.workflow.jobs.forEach((job: any, i: number) => {
    if (typeof job !== 'function') o.scope.nameJob(job, names[i]);
  });
  for (const [name, outputs] of Object.entries(o.job.upstream ?? {})) o.scope.setJob(name, outputs);
  sdk.enterScope(o.scope);
}

/** ctx.log: arguments as text, behind the message. */
const log = Object.freeze({
  info: (...parts: unknown[]) => write('info', parts),
  warn: (...parts: unknown[]) => write('warn', parts),
  error: (...parts: unknown[]) => write('error', parts),
  debug: (...parts: unknown[]) => write('debug', parts),
});

function write(level: string, parts: unknown[]): void {
  engine.log(level, parts.map(text).join(' '));
}

function text(part: unknown): string {
  if (part instanceof Error) return part.stack ?? String(part);
  if (typeof part !== 'object' || part === null) return String(part);
  try {
    return JSON.stringify(part) ?? String(part);
  } catch {
    return String(part);
  }
}

// Functions of ctx that are the same for every step of every job.
const setEnv = (key: string, value: string): unknown => engine.setEnv(key, String(value));
const addPath = (dir: string): unknown => engine.addPath(dir);
const emit = (name: string, payload: unknown = {}, options: unknown = {}): unknown => engine.emit(name, payload, options);
const setSecretOutput = (key: string, value: string): unknown => engine.setSecretOutput(key, value);

const restore = (spec: unknown): unknown => engine.cacheRestore(spec);
const save = (spec: unknown): unknown => engine.cacheSave(spec);

function sharedOf({ job, target, scope }: Opened): Shared {
  const runsOn = target === undefined ? '' : sdk.normalRunsOn(target.runsOn).labels.join(',');
  return { job: { name: job.name, runsOn }, outputsOf: (ref) => scope.step(ref), jobOutputs: (ref) => scope.job(ref) };
}

/** What a step gets. Most steps use a part of it, so what costs something is made when it is asked for. */
export function context(o: Opened): any {
  const { job } = o;
  const shared = (o.shared ??= sharedOf(o));
  const ctx: Bag = {
    $: createShell(),
    log,
    env: process.env,
    setEnv,
    addPath,
    inputs: inputs(job),
    workflow: { name: job.workflow },
    job: { ...shared.job },
    matrix: job.matrix ?? undefined,
    rawPayload: o.event?.payload,
    provider: job.provider || undefined,
    isTestRun: job.testRun === true,
    environment: o.environment,
    emit,
    outputsOf: shared.outputsOf,
    jobOutputs: shared.jobOutputs,
    setSecretOutput,
    cache: { restore, save },
  };
  Object.defineProperties(ctx, later);
  if (o.event?.sourceRepo) ctx.sourceRepo = { name: o.event.sourceRepo };
  ctx.ctx = ctx;
  return ctx;
}

/** Properties that are made when they are first read, and then are like any other. */
const later: PropertyDescriptorMap = {};
for (const [name, make] of Object.entries({ secrets, kici })) {
  const become = (at: Bag, value: unknown): unknown => {
    Object.defineProperty(at, name, { value, enumerable: true, configurable: true, writable: true });
    return value;
  };
  later[name] = {
    enumerable: true, configurable: true,
    get() { return become(this, make()); },
    set(value: unknown) { become(this, value); },
  };
}

export function hookContext(o: Opened, outcome: unknown): any {
  const ctx = context(o);
  ctx.outcome = outcome;
  return ctx;
}

export function ruleContext(o: Opened): any {
  return { event: o.event, changedFiles: o.job.changedFiles ?? [], env: process.env, $: createShell() };
}

/** What generators and matrix functions get. */
export function dynamicContext(o: Opened, job?: { name: string; runsOn: string }): any {
  const workflow = { name: o.job.workflow };
  const ctx = job === undefined ? { workflow, event: o.event } : { workflow, job, event: o.event };
  return { $: createShell(), ctx, log, env: process.env, kici: kici() };
}

/** Outputs of the jobs in needs, by name; those that have none are not there. */
function inputs(job: Bag): Bag {
  const out: Bag = {};
  for (const name of job.needs ?? []) {
    if (job.upstream?.[name] !== undefined) out[name] = job.upstream[name];
  }
  return out;
}

function kici(): unknown {
  const none = { request: (method: string) => (method === 'infrastructure.list' ? Promise.resolve({ agents: [], hosts: [], scalers: [] }) : Promise.reject(new Error(`${method} needs an orchestrator`))) };
  return sdk.buildKiciApi(none, {});
}

function secrets(): unknown {
  const known = new Map(engine.secretList().map((s) => [s.key, s]));
  const need = (keys: string[]) => {
    const missing = keys.filter((key) => !known.has(key));
    if (missing.length > 0) throw new sdk.SecretNotFoundError(missing, [...known.keys()]);
  };
  const sources = (options: any): string[] => {
    if (!Array.isArray(options?.sources) || options.sources.length === 0) throw new Error('mountFile: sources must name at least one secret');
    return options.sources;
  };
  return Object.freeze({
    async get(key: string) {
      need([key]);
      return engine.secretGet(key);
    },
    async expose(key: string) {
      need([key]);
      await engine.secretExpose(key);
    },
    has: (key: string) => known.has(key),
    list: () => [...known.keys()].sort(),
    getMeta(key: string) {
      return engine.secretMeta(key) ?? undefined;
    },
    async mountFile(options: any) {
      need(sources(options));
      return engine.mountFile(options);
    },
    async exposeFile(envVar: string, options: any) {
      need(sources(options));
      return engine.exposeFile(envVar, options);
    },
  });
}
