// Types of '@kici-dev/sdk'.
//
// One file, so that a generated `declare module '@kici-dev/sdk'` (the names of
// your secrets) can add to it. It needs only zod's types.

export { z } from 'zod';

// ---------------------------------------------------------------- workflows

/** What workflow() returns. */
export interface Workflow {
  readonly _tag: 'Workflow';
  readonly name: string;
  readonly on?: readonly Trigger[];
  readonly jobs: readonly JobOrFactory[];
  readonly rules?: readonly Rule[];
  readonly description?: string;
  readonly hashFiles?: readonly string[];
  readonly registries?: readonly Registry[];
  readonly installEnv?: readonly string[];
  readonly onCancel?: HookInput;
  readonly cleanup?: HookInput;
  readonly onSuccess?: HookInput;
  readonly onFailure?: HookInput;
  readonly concurrency?: WorkflowConcurrency;
  readonly timeout?: number;
  readonly runtime?: 'embedded' | 'node';
}

export interface WorkflowOptions {
  /** Jobs, and functions that generate jobs when the run starts. */
  jobs: readonly JobOrFactory[];
  /** What starts the workflow. Without it, only other means do (a manual run, a fixture). */
  on?: Trigger | readonly Trigger[];
  /** All must hold for the workflow to run. */
  rules?: readonly Rule[];
  /** Shown beside the name. */
  description?: string;
  /** Files or globs, relative to the repository, whose content counts as part of the workflow's. */
  hashFiles?: readonly string[];
  /** Private npm registries to sign in to before dependencies are installed. */
  registries?: readonly Registry[];
  /** Secrets, as `<environment>:<secret>`, that the dependency install sees as variables. */
  installEnv?: readonly string[];
  /** Runs when the workflow was cancelled. */
  onCancel?: HookInput;
  /** Runs last, whatever happened. */
  cleanup?: HookInput;
  /** Runs when every job succeeded. */
  onSuccess?: HookInput;
  /** Runs when the workflow failed. */
  onFailure?: HookInput;
  /** How many runs may be under way at once. */
  concurrency?: WorkflowConcurrency;
  /** Milliseconds the whole run may take. */
  timeout?: number;
  /**
   * What runs the code of this file: the engine inside of kici, or a Node process for each job. By default the
   * engine, unless something imported needs Node. Choose 'node' for steps that compute much in JavaScript.
   */
  runtime?: 'embedded' | 'node';
}

export interface WorkflowConcurrency {
  /** The key: runs with the same key share the limit. */
  group: (ctx: WorkflowConcurrencyContext) => string | Promise<string>;
  /** Cancel older runs when a newer one arrives. Default true. */
  cancelInProgress?: boolean;
  /** Runs that may be under way at once. Default 1. */
  max?: number;
}

export interface WorkflowConcurrencyContext {
  branch: string;
  event: DynamicEvent;
}

/** A private npm registry. */
export interface Registry {
  url: string;
  /** The npm scope it serves, such as '@acme'. One registry may stand without. */
  scope?: string;
  /** `<environment>:<secret>` */
  tokenSecret: string;
  /** Send the token with every request. Default true. */
  alwaysAuth?: boolean;
}

/** Declares a workflow. Export it: as default, in a default array, or by name. */
export function workflow(name: string, options: WorkflowOptions): Workflow;

// --------------------------------------------------------------------- jobs

/** What job() returns. */
export interface Job<TResult = any> {
  readonly _tag: 'Job';
  /** The given name, or a UUID until the compiler counts nameless jobs. */
  readonly name: string;
  readonly runsOn?: RunsOn;
  readonly steps: readonly StepInput[];
  readonly needs: readonly NeedsEntry[];
  readonly rules?: readonly Rule[];
  readonly description?: string;
  readonly matrix?: Matrix;
  readonly include?: readonly MatrixInclude[];
  readonly exclude?: readonly MatrixExclude[];
  readonly checkout?: boolean;
  readonly cache?: CacheInput;
  readonly container?: string | ContainerConfig;
  readonly environment?: DynamicString;
  readonly env?: DynamicEnv;
  readonly concurrencyGroup?: DynamicString;
  readonly onCancel?: HookInput;
  readonly cleanup?: HookInput;
  readonly onSuccess?: HookInput;
  readonly onFailure?: HookInput;
  readonly beforeStep?: HookInput;
  readonly afterStep?: HookInput;
  readonly gracePeriod?: number;
  readonly timeout?: number;
  readonly resources?: ResourceRequest;
  readonly init?: GenericInitConfig | readonly GenericInitConfig[] | false;
  /**
   * The job's outputs, for jobs that need it: the outputs themselves when the
   * job has one step, otherwise by step name. Throws before they exist.
   */
  readonly result: OutputProxy<TResult>;
}

export interface JobOptions {
  /** The labels an agent must have. Without it: the label 'default'. */
  runsOn?: RunsOn;
  /** Run one after the other. Not together with `run`. */
  steps?: readonly StepInput[];
  /** The only step, in short. Not together with `steps`. */
  run?: (ctx: StepContext) => unknown;
  /** Jobs that must end before this one starts. */
  needs?: readonly NeedsEntry[];
  /** All must hold for the job to run; otherwise it is skipped, and jobs that need it run. */
  rules?: readonly Rule[];
  /** Shown beside the name. */
  description?: string;
  /** One instance of the job per combination; at most 256. */
  matrix?: Matrix;
  /** Combinations to add. */
  include?: readonly MatrixInclude[];
  /** Combinations to leave out; applied before `include`. */
  exclude?: readonly MatrixExclude[];
  /** false: do not clone the repository. Default true. */
  checkout?: boolean;
  /** Restored before the job, saved when it succeeded. */
  cache?: CacheInput;
  /** The image that all steps run in. */
  container?: string | ContainerConfig;
  /** Where this job deploys to; decides its secrets, variables and protection rules. */
  environment?: DynamicString;
  /** Environment variables of the job. */
  env?: DynamicEnv;
  /** Jobs of one group do not run at the same time. Default: the name of the environment. */
  concurrencyGroup?: DynamicString;
  /** Runs when the job was cancelled. */
  onCancel?: HookInput;
  /** Runs last, whatever happened. */
  cleanup?: HookInput;
  /** Runs when the job succeeded. */
  onSuccess?: HookInput;
  /** Runs when the job failed. */
  onFailure?: HookInput;
  /** Runs before each step. */
  beforeStep?: HookInput;
  /** Runs after each step. */
  afterStep?: HookInput;
  /** Seconds between asking a cancelled process to end and killing it. */
  gracePeriod?: number;
  /** Milliseconds for everything in the job: set-up, steps, hooks. */
  timeout?: number;
  /** CPU and memory. */
  resources?: ResourceRequest;
  /** Commands that prepare the tools, after the clone and before the steps. */
  init?: GenericInitConfig | readonly GenericInitConfig[] | false;
}

/** Declares a job with one step; `.result` has the type of what `run` returns. */
export function job<T>(name: string, options: JobOptions & { run: (ctx: StepContext) => T }): Job<Awaited<T>>;
/** Declares a job. Steps run in order, on one agent. */
export function job(name: string, options: JobOptions): Job;
/** Declares a job with one step and no name: it is called job-1, job-2, … */
export function job<T>(options: JobOptions & { run: (ctx: StepContext) => T }): Job<Awaited<T>>;
/** Declares a job without a name: it is called job-1, job-2, … */
export function job(options: JobOptions): Job;

/** Labels an agent must have: one, several, or with some it must not have. */
export type RunsOn = string | readonly string[] | RunsOnSelector;

export interface RunsOnSelector {
  /** The agent must have all of them. */
  labels: string | readonly string[];
  /** The agent must have none of them. */
  exclude?: string | readonly string[];
}

/** What a job waits for. */
export type NeedsEntry = Job | string | NeedsJob | DynamicGroupRef | NeedsGroup;

/** What happens to a job when one it needs did not succeed. Default 'skip'. */
export type IfFailed = 'skip' | 'run';

export interface NeedsJob {
  name: string;
  ifFailed?: IfFailed;
}

export interface NeedsGroup {
  group: string;
  ifFailed?: IfFailed;
}

/** What dynamicGroup() returns. */
export interface DynamicGroupRef {
  readonly group: string;
  readonly ifFailed?: IfFailed;
}

/** An image, and variables for what runs in it. */
export interface ContainerConfig {
  image: string;
  env?: Record<string, string>;
}

export interface ResourceAmounts {
  /** Cores; fractions are allowed. */
  cpus?: number;
  /** Such as '512m', '4g', '2048k'. */
  memory?: string;
}

/** What a job asks for and may use at most; one side alone, or the amounts alone, stand for both. */
export type ResourceRequest = { requests?: ResourceAmounts; limits?: ResourceAmounts } | ResourceAmounts;

/** A command that prepares a job. */
export interface GenericInitConfig {
  /** Runs at the root of the clone. Hand values on through $KICI_ENV and $KICI_PATH. */
  run: string;
  /** Default 'bash'. */
  shell?: string;
  /** Restored before the command; saved after it when the key was missed. */
  cache?: CacheSpec;
  /** Milliseconds; default ten minutes. */
  timeout?: number;
  env?: Record<string, string>;
}

/** A text, or a function of the event that gives one. */
export type DynamicString =
  | string
  | ((event: DynamicEvent) => string | undefined | Promise<string | undefined>);

/** Variables, or a function of the event that gives them. */
export type DynamicEnv =
  | Record<string, string>
  | ((event: DynamicEvent) => Record<string, string | undefined> | Promise<Record<string, string | undefined>>);

/**
 * The event as functions of `environment`, `env` and the like get it: every
 * event has this shape, and `payload` is what the provider sent.
 */
export interface DynamicEvent {
  type: EventPayload['type'];
  action?: string;
  /** The branch pushed to, or the one a pull request goes into. */
  targetBranch: string;
  /** The branch a pull request comes from. */
  sourceBranch: string;
  provider?: string;
  isForkPR?: boolean;
  baseBranch?: string;
  senderUsername?: string;
  sourceRepo?: string;
  changedFiles?: string[];
  payload: any;
  [key: string]: any;
}

// -------------------------------------------------------------------- steps

/** What step() returns. */
export interface Step<TOutputs = any> {
  readonly _tag: 'Step';
  /** Empty until the compiler counts nameless steps. */
  readonly name: string;
  readonly run: (ctx: StepContext) => unknown;
  readonly outputs?: OutputSchema;
  readonly continueOnError?: boolean;
  readonly timeout?: number;
  readonly cache?: CacheInput;
  readonly rules?: readonly Rule[];
  readonly onCancel?: HookInput;
  readonly cleanup?: HookInput;
  /** Where step() was called. */
  readonly _sourceLocation?: SourceLocation;
  /** What the step returned, for steps after it. Throws before it ran. */
  readonly result: OutputProxy<TOutputs>;
}

/** Options of a step without declared outputs. */
export interface StepBaseOptions {
  /** When true, a failure of this step does not fail the job. */
  continueOnError?: boolean;
  /** Milliseconds; default thirty minutes. */
  timeout?: number;
  /** Restored before the step, saved when it succeeded. */
  cache?: CacheInput;
  /** All must hold for the step to run; otherwise it is skipped. */
  rules?: readonly Rule[];
  /** Runs when the step was cancelled. */
  onCancel?: HookInput;
  /** Runs after the step, whatever happened. */
  cleanup?: HookInput;
}

/** Options of a step with declared outputs, checked when it returns. */
export interface StepOptions<TOutputs extends OutputSchema = OutputSchema> extends StepBaseOptions {
  /** A zod type per output. */
  outputs?: TOutputs;
  run: (ctx: StepContext) => InferOutputs<TOutputs> | Promise<InferOutputs<TOutputs>>;
}

/** Declares a step. What `run` returns are its outputs. */
export function step<T>(name: string, run: (ctx: StepContext) => T): Step<Awaited<T>>;
/** Declares a step whose outputs are checked against zod types. */
export function step<TOutputs extends OutputSchema>(
  name: string,
  options: StepOptions<TOutputs> & { outputs: TOutputs },
): Step<InferOutputs<TOutputs>>;
/** Declares a step with options. */
export function step<T>(
  name: string,
  options: StepBaseOptions & { outputs?: undefined; run: (ctx: StepContext) => T },
): Step<Awaited<T>>;
/** Declares a step without a name: it is called step-1, step-2, … */
export function step<T>(run: (ctx: StepContext) => T): Step<Awaited<T>>;
/** Declares a step without a name, with checked outputs. */
export function step<TOutputs extends OutputSchema>(
  options: StepOptions<TOutputs> & { outputs: TOutputs },
): Step<InferOutputs<TOutputs>>;
/** Declares a step without a name, with options. */
export function step<T>(
  options: StepBaseOptions & { outputs?: undefined; run: (ctx: StepContext) => T },
): Step<Awaited<T>>;

/** A step function that returns no outputs. */
export type StepRunFn = (ctx: StepContext) => Promise<void>;
/** A function that stands in `steps` as it is. */
export type BareStepFn<T = unknown> = (ctx: StepContext) => T | Promise<T>;
/** What `steps` takes. */
export type StepInput = Step | BareStepFn;

/** The part of a zod type that the SDK uses. */
export interface OutputType {
  readonly _output: unknown;
  safeParseAsync(value: unknown): Promise<unknown>;
}
/** A zod type per output. */
export type OutputSchema = Record<string, OutputType>;
/** The outputs that a schema describes. */
export type InferOutputs<T extends OutputSchema> = { [K in keyof T]: T[K]['_output'] };
/** Read-only outputs. */
export type OutputProxy<T> = T extends object ? Readonly<T> : T;

/** Line and column count from 1. */
export interface SourceLocation {
  file: string;
  line: number;
  column: number;
}

// ------------------------------------------------------------- step context

/** What a step works with. */
export interface StepContext<TInputs = Record<string, any>> {
  /** Runs commands in bash: await $`make test`. Interpolated values are quoted. */
  $: Shell;
  /** The context itself, for functions that take `{ ctx }`. */
  ctx: StepContext<TInputs>;
  /** Writes to the step's log. */
  log: Logger;
  /** The job's environment variables, live. */
  env: Record<string, string | undefined>;
  /** Sets a variable for this step and all later ones of the job. */
  setEnv(key: string, value: string): void;
  /** Puts a folder first on PATH for this step and all later ones of the job. */
  addPath(dir: string): void;
  /** Outputs of the jobs in `needs`, by job name. */
  inputs: TInputs;
  workflow: WorkflowInfo;
  job: JobInfo;
  /** This instance's values, when the job has a matrix. */
  matrix?: MatrixValues;
  /** What the provider sent. */
  rawPayload?: Record<string, any>;
  /** Who sent it, such as 'github'. */
  provider?: string;
  /** True in a remote test run. */
  isTestRun: boolean;
  /** The environment of this job, when it has one. */
  environment?: string;
  secrets: StepSecretsTyped;
  /** Sends a custom event at once; workflows with a kiciEvent() trigger receive it. */
  emit(
    eventName: string,
    payload?: Record<string, unknown>,
    options?: EventEmitOptions,
  ): Promise<{ deliveryId: string }>;
  /** Outputs of an earlier step of this job. */
  outputsOf<T>(ref: Step<T>): T;
  /** Outputs of an earlier function of this job's steps. */
  outputsOf<T>(ref: (ctx: any) => T): Awaited<T>;
  outputsOf<T = any>(ref: { _tag: 'Step'; name: string } | ((...args: any[]) => any)): T;
  /** Outputs of a job in `needs`. */
  jobOutputs(ref: { name: string }): Record<string, any>;
  /** Hands an encrypted value to jobs that need this one: at most 20 per job, 64 KB each. */
  setSecretOutput(key: string, value: string): void;
  cache: CacheApi;
  kici: KiciApi;
  /** The repository of the workflow, when it is another than the event's. */
  workflowRepo?: RepoInfo;
  /** The repository of the event. */
  sourceRepo?: RepoInfo;
}

export interface Logger {
  info(message: string, ...args: unknown[]): void;
  warn(message: string, ...args: unknown[]): void;
  error(message: string, ...args: unknown[]): void;
  debug(message: string, ...args: unknown[]): void;
}

export interface WorkflowInfo {
  name: string;
}

export interface JobInfo {
  name: string;
  /** The labels, joined by commas. */
  runsOn: string;
}

export interface RepoInfo {
  /** 'owner/name' */
  fullName?: string;
  /** The working tree. */
  path?: string;
  ref?: string;
  sha?: string;
  [key: string]: unknown;
}

export interface EventEmitOptions {
  target?: {
    /** Repositories to deliver to, as 'owner/name'. */
    repos?: string[];
  };
}

/** What a step may ask the orchestrator. */
export interface KiciApi {
  infrastructure: {
    /** The scalers and agents that serve this orchestrator and its peers. */
    list(): Promise<{
      scalers: { name: string; type: string; labelSets: string[][]; source: string }[];
      agents: { agentId: string; labels: string[]; scalerManaged: boolean; source: string }[];
    }>;
  };
  oidc: {
    /** A short-lived token that identifies this job to `audience`. */
    token(options: { audience: string }): Promise<string>;
  };
}

export interface KiciTransport {
  request(method: string, params: Record<string, unknown>): Promise<unknown>;
}

export function buildKiciApi(transport: KiciTransport, job?: { runId?: string; jobId?: string }): KiciApi;

// -------------------------------------------------------------------- shell

/** Runs commands. `$` of a step context, and what `$({ … })` returns. */
export interface Shell {
  /** Starts a command at once; await it for its output. Fails when the command does. */
  (pieces: TemplateStringsArray, ...args: any[]): ProcessPromise;
  /** The same shell with other options. */
  (options: ShellOptions): Shell;
  /** Runs a command and waits for it without a promise. */
  sync(pieces: TemplateStringsArray, ...args: any[]): ProcessOutput;
  [option: string]: any;
}

export interface ShellOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** Text or bytes for standard input. */
  input?: string | Uint8Array | ProcessOutput | ProcessPromise;
  /** Resolve also when the command fails. */
  nothrow?: boolean;
  /** Do not show the command's output. */
  quiet?: boolean;
  verbose?: boolean;
  /** Milliseconds, or a text such as '5s' or '1m'. */
  timeout?: number | string;
  timeoutSignal?: string;
  /** Ends the command when aborted. */
  signal?: any;
  stdio?: any;
  shell?: string | true;
  prefix?: string;
  postfix?: string;
  quote?: (arg: string) => string;
  sync?: boolean;
  preferLocal?: boolean | string | string[];
  detached?: boolean;
  killSignal?: string;
  delimiter?: string | RegExp;
}

/** A command that runs. */
export interface ProcessPromise extends Promise<ProcessOutput> {
  /** A writable stream, and a function that writes a text and closes it. */
  readonly stdin: any;
  readonly stdout: any;
  readonly stderr: any;
  readonly exitCode: Promise<number | null>;
  readonly pid: number | undefined;
  readonly cmd: string;
  kill(signal?: string): Promise<void>;
  abort(reason?: string): void;
  nothrow(on?: boolean): ProcessPromise;
  quiet(on?: boolean): ProcessPromise;
  verbose(on?: boolean): ProcessPromise;
  timeout(duration: number | string, signal?: string): ProcessPromise;
  stdio(stdin: any, stdout?: any, stderr?: any): ProcessPromise;
  pipe(pieces: TemplateStringsArray, ...args: any[]): ProcessPromise;
  pipe(destination: any): ProcessPromise;
  text(encoding?: string): Promise<string>;
  json<T = any>(): Promise<T>;
  lines(delimiter?: string | RegExp): Promise<string[]>;
  buffer(): Promise<any>;
  [Symbol.asyncIterator](): AsyncIterator<string>;
}

/** What a command left; it is also the error when the command failed. */
export interface ProcessOutput extends Error {
  readonly stdout: string;
  readonly stderr: string;
  /** Both, in the order in which they came. */
  readonly stdall: string;
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly ok: boolean;
  /** Milliseconds. */
  readonly duration: number;
  text(encoding?: string): string;
  json<T = any>(): T;
  lines(delimiter?: string | RegExp): string[];
  buffer(): any;
  valueOf(): string;
  toString(): string;
}

// ------------------------------------------------------------------ secrets

/**
 * The secrets this project knows, by key. Empty here: the generated file
 * types/secrets.d.ts adds to it, and then editors complete the keys.
 */
export interface KnownSecretKeys {}

/** Keys per environment; filled by types/secrets.d.ts too. */
export interface EnvironmentSecrets {}

/** A known key, or any text. */
export type SecretKey = keyof KnownSecretKeys | (string & {});

export interface StepSecrets {
  /** The value; rejects with SecretNotFoundError. */
  get(key: string): Promise<string>;
  /** Sets the variable of that name until the step ends. */
  expose(key: string): Promise<void>;
  has(key: string): boolean;
  /** All keys, sorted. */
  list(): string[];
  getMeta(key: string): SecretMeta | undefined;
  /** Writes secrets to a private file that goes when the step ends. */
  mountFile(options: SecretFileOptions): Promise<MountedFile>;
  /** mountFile, and sets a variable to the path until the step ends. */
  exposeFile(envVar: string, options: SecretFileOptions): Promise<MountedFile>;
}

/** StepSecrets that knows this project's keys. */
export interface StepSecretsTyped extends StepSecrets {
  get(key: SecretKey): Promise<string>;
  expose(key: SecretKey): Promise<void>;
  has(key: SecretKey): boolean;
  getMeta(key: SecretKey): SecretMeta | undefined;
}

export interface SecretMeta {
  value: string;
  /** The store it came from. */
  backend: string;
  scope: string;
}

export interface SecretFileOptions {
  /** The secrets to write, one after the other. */
  sources: string[];
  /** Written between them. Default: nothing. */
  divider?: string;
  /** Permission bits. Default 0o600. */
  mode?: number;
  /** The file's name; folders in it are ignored. */
  name?: string;
}

export interface MountedFile {
  path: string;
}

export interface SecretMountRecord {
  sources: string[];
  target: string;
  envVar?: string;
  kind: 'mount' | 'expose';
}

/** What a runner brings so that secrets can become files. */
export interface SecretWiring {
  /** Writes a file of that name into the step's folder, has the content masked, and returns the path. */
  writeFile(name: string, content: string, mode: number): Promise<string> | string;
  /** Removes the folder. */
  dispose?(): Promise<void> | void;
}

export interface StepSecretsHandle {
  secrets: StepSecretsTyped & {
    getAccessLog(): string[];
    getMountedKeys(): string[];
    getMountRecords(): SecretMountRecord[];
  };
  dispose(): Promise<void>;
}

export function createStepSecrets(
  values: Record<string, string>,
  env: Record<string, string | undefined>,
  meta?: Record<string, SecretMeta>,
  wiring?: SecretWiring,
): StepSecretsHandle;

/** A secret that does not exist was asked for. */
export class SecretNotFoundError extends Error {
  readonly key: string;
  readonly availableKeys: string[];
  constructor(key: string | string[], availableKeys: string[]);
}

// -------------------------------------------------------------------- cache

export interface CacheSpec {
  /** The exact key. What was saved first under it stays. */
  key: string;
  /** Files and folders, relative to the repository or starting with `~`. */
  paths: string[];
  /** Beginnings of keys to try in order when the key misses; the newest entry wins. */
  restoreKeys?: string[];
}

export type CacheInput = CacheSpec | CacheSpec[];

export interface CacheRestoreResult {
  hit: boolean;
  /** The whole key of the entry that was restored. */
  matchedKey?: string;
}

export interface CacheApi {
  restore(spec: CacheSpec): Promise<CacheRestoreResult>;
  save(spec: CacheSpec): Promise<void>;
}

export function normalizeCacheSpecs(input?: CacheInput): CacheSpec[];

/** The zod type of a cache spec. */
export const CacheSpecSchema: {
  parse(value: unknown): CacheSpec;
  safeParse(value: unknown): { success: boolean; data?: CacheSpec; error?: unknown };
  readonly _output: CacheSpec;
  safeParseAsync(value: unknown): Promise<unknown>;
};

// -------------------------------------------------------------------- hooks

export type HookType = 'onCancel' | 'cleanup' | 'onSuccess' | 'onFailure' | 'beforeStep' | 'afterStep';
export type HookFn = (ctx: HookContext) => unknown;
/** A function, or one with a time limit in milliseconds (default five minutes). */
export type HookInput = HookFn | { run: HookFn; timeout?: number } | HookConfig;

/** What the hook factories return. The option it stands in decides when it runs. */
export interface HookConfig {
  name: string;
  type: HookType;
  run: HookFn;
  timeout?: number;
}

export interface HookContext extends StepContext {
  outcome: OutcomeMetadata;
}

export interface OutcomeMetadata {
  status: 'success' | 'failed' | 'cancelled';
  /** Why it was cancelled or failed. */
  reason?: string;
  failedStep?: string;
  /** Outputs of the steps that ran, by name. */
  stepOutputs: Record<string, any>;
  /** Milliseconds. */
  duration: number;
}

export function onCancel(input: HookInput): HookConfig;
export function cleanup(input: HookInput): HookConfig;
export function onSuccess(input: HookInput): HookConfig;
export function onFailure(input: HookInput): HookConfig;
export function beforeStep(input: HookInput): HookConfig;
export function afterStep(input: HookInput): HookConfig;

// -------------------------------------------------------------------- rules

/** What rule() and skip() return. */
export interface Rule {
  readonly _tag: 'Rule';
  readonly label: string;
  readonly check: RuleCheckFn;
}

export type RuleCheckFn = (ctx: RuleContext) => Promise<boolean> | boolean;

export interface RuleContext {
  event: EventPayload;
  changedFiles: string[];
  env: Record<string, string | undefined>;
  $: Shell;
}

export interface RuleResult {
  label: string;
  passed: boolean;
  durationMs: number;
  /** What the check threw. */
  error?: string;
}

export interface RuleEvaluationResult {
  allPassed: boolean;
  results: RuleResult[];
}

/** A condition that must hold. Without a check it always does, and marks the decision trace. */
export function rule(label: string, check?: RuleCheckFn): Rule;
/** A condition that must not hold. */
export function skip(label: string, check: RuleCheckFn): Rule;
/** Checks rules in order and stops at the first that does not hold. */
export function evaluateRules(
  rules: readonly Rule[],
  context: RuleContext,
  label: string,
  onRuleResult?: (result: RuleResult) => void,
): Promise<RuleEvaluationResult>;
/** Narrows an event to one type, with the fields of its payload. */
export function isEventType<T extends EventPayload['type']>(
  event: EventPayload,
  type: T,
): event is Extract<EventPayload, { type: T }>;

// ------------------------------------------------------------------- matrix

export type StaticMatrixArray = readonly string[];
export type StaticMatrixObject = { readonly [dimension: string]: readonly string[] };
export type DynamicMatrixFn = (
  ctx: DynamicMatrixContext,
) => StaticMatrixArray | StaticMatrixObject | Promise<StaticMatrixArray | StaticMatrixObject>;
/** Values, values per dimension, or a function that finds them when the run starts. */
export type Matrix = StaticMatrixArray | StaticMatrixObject | DynamicMatrixFn;

export interface DynamicMatrixContext {
  $: Shell;
  ctx: { workflow: WorkflowInfo; job: JobInfo };
  log: Logger;
  env: Record<string, string | undefined>;
}

/** One combination: by dimension, or as `value` when there is only one. */
export interface MatrixValues {
  value?: string;
  [dimension: string]: string | undefined;
}
export type MatrixInclude = Record<string, string>;
export type MatrixExclude = Record<string, string>;

export function expandMatrix(matrix: StaticMatrixArray | StaticMatrixObject): MatrixValues[];
export function applyIncludeExclude(
  values: MatrixValues[],
  include?: readonly MatrixInclude[],
  exclude?: readonly MatrixExclude[],
): MatrixValues[];
export function isStaticArray(matrix: unknown): matrix is StaticMatrixArray;
export function isStaticObject(matrix: unknown): matrix is StaticMatrixObject;
export function isDynamicFunction(matrix: unknown): matrix is DynamicMatrixFn;

// ------------------------------------------------------------- dynamic jobs

/** Computes jobs when the run starts; at most 100. */
export type DynamicJobFn = (context: DynamicJobContext) => Job[] | Promise<Job[]>;

export interface DynamicJobContext {
  $: Shell;
  ctx: { workflow: WorkflowInfo; event?: EventPayload };
  log: Logger;
  env: Record<string, string | undefined>;
  kici?: KiciApi;
}

export type JobOrFactory = Job | DynamicJobFn;

/** Names the group of jobs that a function generates, so that other jobs can need it. */
export function dynamicJob<F extends DynamicJobFn>(group: string, fn: F): F;
export function dynamicJob(group: string, fn: DynamicJobFn): DynamicJobFn;
/** All jobs of a group, for `needs`. */
export function dynamicGroup(name: string, options?: { ifFailed?: IfFailed }): DynamicGroupRef;
export function getDynamicJobGroup(fn: unknown): string | undefined;
export function getDynamicJobNeeds(fn: unknown): unknown;
export function isDynamicJobFn(item: unknown): item is DynamicJobFn;
export function isDynamicGroupRef(value: unknown): value is DynamicGroupRef;
export const DYNAMIC_JOB_GROUP_TAG: unique symbol;
export const DYNAMIC_JOB_NEEDS_TAG: unique symbol;
export const DYNAMIC_GROUP_TAG: unique symbol;

// ------------------------------------------------------------------ outputs

/** Outputs of one job, or of one of its steps. */
export type JobOutputs = Record<string, any>;

/** What a matrix job leaves. */
export interface MatrixJobOutputs {
  /** By the instance's values, as in its name: 'linux' or '18, linux'. */
  byMatrix: Record<string, JobOutputs>;
  /** All together; the last instance, in sorted order, wins a key. */
  merged: JobOutputs;
}

export function isMatrixJobOutputs(value: unknown): value is MatrixJobOutputs;
export function resolveStepOutputs(ref: unknown, map?: Map<unknown, unknown>, refMap?: Map<unknown, string>): unknown;
export function resolveJobOutputs(ref: { name: string }, map?: Map<string, unknown>): unknown;
export function createStepOutputProxy(name: string): any;
export function createJobOutputProxy(name: string): any;
export function createSnapshotOutputProxy(outputs: Record<string, unknown>): any;
export function getStepOutputsMap(): Map<string, unknown>;
export function setStepOutputsMap(map: Map<string, unknown>): void;
export function getJobOutputsMap(): Map<string, unknown>;
export function setJobOutputsMap(map: Map<string, unknown>): void;
export function getStepRefMap(): Map<unknown, string>;
export function setStepRefMap(map: Map<unknown, string>): void;
/** Outputs were read that do not exist, or written. */
export class OutputError extends Error {}

// -------------------------------------------------------------------- graph

export interface DagNode {
  id: string;
  needs: string[];
}

export type DagValidationResult =
  | { valid: true; sortedOrder: string[] }
  | { valid: false; error: 'cycle'; nodesInCycle: string[] }
  | { valid: false; error: 'self-reference'; nodeId: string }
  | { valid: false; error: 'missing-dependency'; nodeId: string; missingDep: string };

/** Checks a graph for self-references, then missing nodes, then cycles. */
export function validateDag(nodes: readonly DagNode[]): DagValidationResult;

// ------------------------------------------------------- events and fixtures

/** What defineEvent() returns; pass its `name` to ctx.emit(). */
export interface EventDefinition<T = unknown> {
  readonly _tag: 'EventDefinition';
  readonly name: string;
  readonly schema: T;
}

/** Names a custom event and describes its payload with a zod type. */
export function defineEvent<T extends { parse(value: unknown): unknown }>(name: string, schema: T): EventDefinition<T>;

export interface Fixture {
  readonly _tag: 'Fixture';
  readonly id: string;
  readonly options: FixtureOptions | (() => FixtureOptions | Promise<FixtureOptions>);
}

export interface FixtureOptions {
  /** The event to simulate. */
  event: TriggerConfig;
  /** Default: the current branch. */
  branch?: string;
  /** Default: HEAD. */
  sha?: string;
  /** 'owner/name'; default: the origin remote. */
  repo?: string;
  /** The number of the pull request. */
  pr?: number;
  /** Name in the workflow → context (environment) to take it from. */
  secrets?: Record<string, string>;
  /** Run this workflow without matching triggers. */
  workflowName?: string;
}

/** Declares a test event for `kici run`. Export it by name from .kici/tests. */
export function fixture(id: string, options: FixtureOptions | (() => FixtureOptions | Promise<FixtureOptions>)): Fixture;

// ------------------------------------------------------------------ helpers

export interface IdempotentOptions<TDrift, TInSync = undefined, TApplied = unknown> {
  /** Shown in log lines. Default 'idempotent'. */
  name?: string;
  /** Looks without changing; null when everything is as it should be. */
  check: () => Promise<TDrift | null> | TDrift | null;
  /** Brings about what is missing. */
  apply: (drift: TDrift) => Promise<TApplied> | TApplied;
  /** Runs when nothing was missing. */
  whenInSync?: () => Promise<TInSync> | TInSync;
  /** Describes what apply would do. Default: the drift as JSON. */
  summarize?: (drift: TDrift) => string;
  /** Default console.log. */
  log?: (line: string) => void;
}

export type IdempotentResult<TDrift, TInSync = undefined, TApplied = unknown> =
  | { outcome: 'skipped'; drift: null; result: TInSync }
  | { outcome: 'applied'; drift: TDrift; result: TApplied };

/** Checks, and applies only when something is missing. */
export function idempotent<TDrift, TInSync = undefined, TApplied = unknown>(
  options: IdempotentOptions<TDrift, TInSync, TApplied>,
): Promise<IdempotentResult<TDrift, TInSync, TApplied>>;
/** idempotent() as a step. */
export function idempotentStep<TDrift, TInSync = undefined, TApplied = unknown>(
  name: string,
  options: Omit<IdempotentOptions<TDrift, TInSync, TApplied>, 'name' | 'log'>,
): Step<IdempotentResult<TDrift, TInSync, TApplied>>;

export interface WaitForOptions<TValue, TSuccess = undefined, TTimeout = undefined> {
  /** Shown in log lines and in the error. Default 'waitFor'. */
  name?: string;
  /** null: not yet. */
  check: () => Promise<TValue | null> | TValue | null;
  /** Between two checks. Default 2000. */
  intervalMs?: number;
  /** For everything. Default 60000. */
  timeoutMs?: number;
  /** Before the first check. Default 0. */
  initialDelayMs?: number;
  onSuccess?: (value: TValue) => Promise<TSuccess> | TSuccess;
  /** Without it, running out of time throws WaitForTimeoutError. */
  onTimeout?: (info: { elapsedMs: number; attempts: number }) => Promise<TTimeout> | TTimeout;
  /** Take an error of check for "not yet". Default true. */
  swallowErrors?: boolean;
  /** Default console.log. */
  log?: (line: string) => void;
}

export type WaitForResult<TValue, TSuccess = undefined, TTimeout = undefined> =
  | { outcome: 'succeeded'; value: TValue; elapsedMs: number; attempts: number; result: TSuccess }
  | { outcome: 'timed-out'; elapsedMs: number; attempts: number; result: TTimeout };

/** Checks again and again until there is a value or time is up. */
export function waitFor<TValue, TSuccess = undefined, TTimeout = undefined>(
  options: WaitForOptions<TValue, TSuccess, TTimeout>,
): Promise<WaitForResult<TValue, TSuccess, TTimeout>>;
/** waitFor() as a step. */
export function waitForStep<TValue, TSuccess = undefined, TTimeout = undefined>(
  name: string,
  options: Omit<WaitForOptions<TValue, TSuccess, TTimeout>, 'name' | 'log'>,
): Step<WaitForResult<TValue, TSuccess, TTimeout>>;

export class WaitForTimeoutError extends Error {
  readonly stepName: string;
  readonly elapsedMs: number;
  readonly attempts: number;
  constructor(stepName: string, elapsedMs: number, attempts: number);
}

/** A factory was given something it cannot use. */
export class DefinitionError extends TypeError {
  readonly factory: string;
  /** The name of the workflow, job or step. */
  readonly subject: string | undefined;
  readonly problems: DefinitionProblem[];
  constructor(factory: string, subject: string | undefined, problems: DefinitionProblem[]);
}

export interface DefinitionProblem {
  /** The option, such as 'init[0].run'. */
  field: string;
  message: string;
  given?: string;
  expected?: string;
  suggestion?: string;
}

// ----------------------------------------------------------------- triggers

/** A glob, a regular expression, or several of them; a leading '!' excludes. */
export type PatternInput = string | RegExp | readonly (string | RegExp)[];
export type BranchPattern =
  | { readonly type: 'glob'; readonly pattern: string }
  | { readonly type: 'regex'; readonly pattern: string; readonly flags?: string };
export type BodyMatchPattern = BranchPattern;

interface TriggerInput {
  description?: string;
}
interface GitTriggerInput extends TriggerInput {
  /** Repositories whose events count, as 'owner/name' patterns. Makes the workflow global. */
  repos?: PatternInput;
}
interface TriggerBase<Tag extends string> {
  readonly _tag: Tag;
  readonly description?: string;
}
interface GitTrigger<Tag extends string> extends TriggerBase<Tag> {
  readonly repos: readonly BranchPattern[];
}

export type PrEvent =
  | 'opened' | 'synchronize' | 'reopened' | 'closed' | 'assigned' | 'unassigned' | 'labeled' | 'unlabeled' | 'edited'
  | 'converted_to_draft' | 'ready_for_review' | 'locked' | 'unlocked' | 'review_requested' | 'review_request_removed'
  | 'auto_merge_enabled' | 'auto_merge_disabled';
export interface PrConfigInput extends GitTriggerInput {
  /** Default: opened, synchronize, reopened, closed. */
  events?: readonly PrEvent[];
  /** The branch it goes into. */
  target?: PatternInput;
  /** The branch it comes from. */
  source?: PatternInput;
  /** Globs of changed files; a leading '!' excludes. */
  paths?: readonly string[];
  /** The same as `target`. */
  branches?: PatternInput;
  /** The same as `events`. */
  actions?: readonly PrEvent[];
}
export interface PrTriggerConfig extends GitTrigger<'PrTrigger'> {
  readonly events: readonly PrEvent[];
  readonly targetBranches: readonly BranchPattern[];
  readonly sourceBranches: readonly BranchPattern[];
  readonly paths: readonly BranchPattern[];
}
/** A pull request was opened or changed. */
export function pr(config?: PrConfigInput): PrTriggerConfig;

export interface PushConfigInput extends GitTriggerInput {
  branches?: PatternInput;
  /** Without `branches`, only pushes of tags match. */
  tags?: PatternInput;
  /** Globs of changed files; a leading '!' excludes. */
  paths?: readonly string[];
}
export interface PushTriggerConfig extends GitTrigger<'PushTrigger'> {
  readonly branches: readonly BranchPattern[];
  readonly tags: readonly BranchPattern[];
  readonly paths: readonly BranchPattern[];
}
/** The event that push() stands for. */
export type PushEvent = 'push';
/** Commits were pushed. */
export function push(config?: PushConfigInput): PushTriggerConfig;

export interface TagConfigInput extends GitTriggerInput {
  patterns?: PatternInput;
  /** The same as `patterns`. */
  tags?: PatternInput;
}
export interface TagTriggerConfig extends GitTrigger<'TagTrigger'> {
  readonly patterns: readonly BranchPattern[];
}
/** A tag was pushed. */
export function tag(config?: TagConfigInput): TagTriggerConfig;

export type CommentAction = 'created' | 'edited' | 'deleted';
export type CommentSource = 'issue' | 'pr';
export interface CommentConfigInput extends GitTriggerInput {
  actions?: readonly CommentAction[];
  /** Comments on issues only, or on pull requests only. */
  source?: CommentSource;
  /** A glob or a regular expression for the text. */
  bodyMatch?: string | RegExp;
}
export interface CommentTriggerConfig extends GitTrigger<'CommentTrigger'> {
  readonly actions: readonly CommentAction[];
  readonly source?: CommentSource;
  readonly bodyMatch?: BodyMatchPattern;
}
/** Somebody commented on an issue or a pull request. */
export function comment(config?: CommentConfigInput): CommentTriggerConfig;

export type ReviewAction = 'submitted' | 'edited' | 'dismissed';
export type ReviewState = 'approved' | 'changes_requested' | 'commented' | 'dismissed';
export interface ReviewConfigInput extends GitTriggerInput {
  actions?: readonly ReviewAction[];
  states?: readonly ReviewState[];
}
export interface ReviewTriggerConfig extends GitTrigger<'ReviewTrigger'> {
  readonly actions: readonly ReviewAction[];
  readonly states: readonly ReviewState[];
}
/** A pull request was reviewed. */
export function review(config?: ReviewConfigInput): ReviewTriggerConfig;

export type ReviewCommentAction = CommentAction;
export interface ReviewCommentConfigInput extends GitTriggerInput {
  actions?: readonly ReviewCommentAction[];
}
export interface ReviewCommentTriggerConfig extends GitTrigger<'ReviewCommentTrigger'> {
  readonly actions: readonly ReviewCommentAction[];
}
/** Somebody commented on a line of a pull request. */
export function reviewComment(config?: ReviewCommentConfigInput): ReviewCommentTriggerConfig;

export type ReleaseAction =
  | 'published' | 'unpublished' | 'created' | 'edited' | 'deleted' | 'prereleased' | 'released';
export interface ReleaseConfigInput extends GitTriggerInput {
  actions?: readonly ReleaseAction[];
}
export interface ReleaseTriggerConfig extends GitTrigger<'ReleaseTrigger'> {
  readonly actions: readonly ReleaseAction[];
}
/** A release changed. */
export function release(config?: ReleaseConfigInput): ReleaseTriggerConfig;

export interface DispatchConfigInput extends GitTriggerInput {
  types?: readonly string[];
}
export interface DispatchTriggerConfig extends GitTrigger<'DispatchTrigger'> {
  readonly types: readonly string[];
}
/** A repository dispatch was sent. */
export function dispatch(config?: DispatchConfigInput): DispatchTriggerConfig;

export type RefType = 'branch' | 'tag';
export interface CreateConfigInput extends GitTriggerInput {
  refTypes?: readonly RefType[];
  patterns?: PatternInput;
}
export interface CreateTriggerConfig extends GitTrigger<'CreateTrigger'> {
  readonly refTypes: readonly RefType[];
  readonly patterns: readonly BranchPattern[];
}
/** A branch or a tag was created. */
export function create(config?: CreateConfigInput): CreateTriggerConfig;

export interface DeleteConfigInput extends CreateConfigInput {}
export interface DeleteTriggerConfig extends GitTrigger<'DeleteTrigger'> {
  readonly refTypes: readonly RefType[];
  readonly patterns: readonly BranchPattern[];
}
declare function del(config?: DeleteConfigInput): DeleteTriggerConfig;
/** A branch or a tag was deleted: import { delete as del } from '@kici-dev/sdk'. */
export { del as delete };

export type StatusState = 'error' | 'failure' | 'pending' | 'success';
export interface StatusConfigInput extends GitTriggerInput {
  /** Globs, such as 'ci/*'. */
  contexts?: readonly string[];
  states?: readonly StatusState[];
}
export interface StatusTriggerConfig extends GitTrigger<'StatusTrigger'> {
  readonly contexts: readonly string[];
  readonly states: readonly StatusState[];
}
/** A commit got a status. */
export function status(config?: StatusConfigInput): StatusTriggerConfig;

export type WorkflowRunAction = 'requested' | 'completed' | 'in_progress';
export type WorkflowRunConclusion = 'success' | 'failure' | 'cancelled' | (string & {});
export interface WorkflowRunConfigInput extends GitTriggerInput {
  actions?: readonly WorkflowRunAction[];
  /** Names. */
  workflows?: readonly string[];
  conclusions?: readonly WorkflowRunConclusion[];
}
export interface WorkflowRunTriggerConfig extends GitTrigger<'WorkflowRunTrigger'> {
  readonly actions: readonly WorkflowRunAction[];
  readonly workflows: readonly string[];
  readonly conclusions: readonly WorkflowRunConclusion[];
}
/** A GitHub Actions workflow changed state. */
export function workflowRun(config?: WorkflowRunConfigInput): WorkflowRunTriggerConfig;

export interface ForkConfigInput extends GitTriggerInput {}
export interface ForkTriggerConfig extends GitTrigger<'ForkTrigger'> {}
/** The repository was forked. */
export function fork(config?: ForkConfigInput): ForkTriggerConfig;

export type StarAction = 'created' | 'deleted';
export interface StarConfigInput extends GitTriggerInput {
  actions?: readonly StarAction[];
}
export interface StarTriggerConfig extends GitTrigger<'StarTrigger'> {
  readonly actions: readonly StarAction[];
}
/** The repository was starred, or no longer. */
export function star(config?: StarConfigInput): StarTriggerConfig;

export type WatchAction = 'started';
export interface WatchConfigInput extends GitTriggerInput {
  actions?: readonly WatchAction[];
}
export interface WatchTriggerConfig extends GitTrigger<'WatchTrigger'> {
  readonly actions: readonly WatchAction[];
}
/** Somebody watches the repository. */
export function watch(config?: WatchConfigInput): WatchTriggerConfig;

export interface WebhookConfigInput extends GitTriggerInput {
  /** Names of events, as the provider sends them. */
  events: readonly string[];
  actions?: readonly string[];
}
export interface WebhookTriggerConfig extends GitTrigger<'WebhookTrigger'> {
  readonly events: readonly string[];
  readonly actions: readonly string[];
}
/** Any event of any source of the organisation. */
export function webhook(config: WebhookConfigInput): WebhookTriggerConfig;

export interface KiciEventConfigInput extends TriggerInput {
  name: string;
  /** JSONPath → value that the payload must have there. */
  match?: Record<string, unknown>;
  /** JSONPath → value that the payload must not have there. */
  not?: Record<string, unknown>;
  /** The repository that sends it, as 'owner/name'. */
  source?: string;
}
export interface KiciEventTriggerConfig extends TriggerBase<'KiciEventTrigger'> {
  readonly name: string;
  readonly match?: Readonly<Record<string, unknown>>;
  readonly not?: Readonly<Record<string, unknown>>;
  readonly source?: string;
}
/** A step called ctx.emit() with this name. */
export function kiciEvent(config: KiciEventConfigInput): KiciEventTriggerConfig;

export type WorkflowCompleteStatus = 'success' | 'failed' | 'cancelled';
export interface WorkflowCompleteConfigInput extends TriggerInput {
  name?: string;
  status?: readonly WorkflowCompleteStatus[];
  /** The repository it ran for, as 'owner/name'. */
  source?: string;
}
export interface WorkflowCompleteTriggerConfig extends TriggerBase<'WorkflowCompleteTrigger'> {
  readonly name?: string;
  readonly status?: readonly WorkflowCompleteStatus[];
  readonly source?: string;
}
/** Another workflow ended. */
export function workflowComplete(config?: WorkflowCompleteConfigInput): WorkflowCompleteTriggerConfig;

export type JobCompleteStatus = 'success' | 'failed' | 'cancelled' | 'skipped';
export interface JobCompleteConfigInput extends TriggerInput {
  workflow?: string;
  job?: string;
  status?: readonly JobCompleteStatus[];
  /** The repository it ran for, as 'owner/name'. */
  source?: string;
}
export interface JobCompleteTriggerConfig extends TriggerBase<'JobCompleteTrigger'> {
  readonly workflow?: string;
  readonly job?: string;
  readonly status?: readonly JobCompleteStatus[];
  readonly source?: string;
}
/** A job of a workflow ended. */
export function jobComplete(config?: JobCompleteConfigInput): JobCompleteTriggerConfig;

export type GenericWebhookAuthMethod = 'hmac-sha256' | 'api-key';
export interface GenericWebhookHmacAuth {
  method: 'hmac-sha256';
  /** The name of the secret. */
  secret: string;
  signatureHeader: string;
}
export interface GenericWebhookApiKeyAuth {
  method: 'api-key';
  /** The name of the secret. */
  secret: string;
  /** Default 'authorization'. */
  header?: string;
}
export type GenericWebhookAuth = GenericWebhookHmacAuth | GenericWebhookApiKeyAuth;
export interface GenericWebhookConfigInput extends TriggerInput {
  /** The name of the source, as the operator registered it. */
  source: string;
  events?: readonly string[];
  /** JSONPath → value that the payload must have there. */
  match?: Record<string, unknown>;
  /** JSONPath → value that the payload must not have there. */
  not?: Record<string, unknown>;
  auth?: GenericWebhookAuth;
  /** The rest of the URL's path. */
  path?: string;
}
export interface GenericWebhookTriggerConfig extends TriggerBase<'GenericWebhookTrigger'> {
  readonly source: string;
  readonly events?: readonly string[];
  readonly match?: Readonly<Record<string, unknown>>;
  readonly not?: Readonly<Record<string, unknown>>;
  readonly auth?: Readonly<GenericWebhookAuth>;
  readonly path?: string;
}
/** Another service called. */
export function genericWebhook(config: GenericWebhookConfigInput): GenericWebhookTriggerConfig;

export interface ScheduleConfigInput extends TriggerInput {
  /** Five fields: minute, hour, day of month, month, day of week. */
  cron: string;
  /** Default 'UTC'. */
  timezone?: string;
}
export interface ScheduleTriggerConfig extends TriggerBase<'ScheduleTrigger'> {
  readonly cron: string;
  readonly timezone: string;
}
/** At certain times. */
export function schedule(config: ScheduleConfigInput): ScheduleTriggerConfig;

export type LifecycleEvent = 'workflow_complete' | 'job_complete' | 'job_failed' | 'registration_updated';
export interface LifecycleConfigInput extends TriggerInput {
  events: readonly LifecycleEvent[];
  /** Repositories they come from, as 'owner/name'. */
  sources?: readonly string[];
}
export interface LifecycleTriggerConfig extends TriggerBase<'LifecycleTrigger'> {
  readonly events: readonly LifecycleEvent[];
  readonly sources?: readonly string[];
}
/** Something happened in the system itself. */
export function lifecycle(config: LifecycleConfigInput): LifecycleTriggerConfig;

/** Any trigger. */
export type TriggerConfig =
  | PrTriggerConfig | PushTriggerConfig | TagTriggerConfig | CommentTriggerConfig | ReviewTriggerConfig
  | ReviewCommentTriggerConfig | ReleaseTriggerConfig | DispatchTriggerConfig | CreateTriggerConfig
  | DeleteTriggerConfig | StatusTriggerConfig | WorkflowRunTriggerConfig | ForkTriggerConfig | StarTriggerConfig
  | WatchTriggerConfig | WebhookTriggerConfig | KiciEventTriggerConfig | WorkflowCompleteTriggerConfig
  | JobCompleteTriggerConfig | GenericWebhookTriggerConfig | ScheduleTriggerConfig | LifecycleTriggerConfig;
export type Trigger = TriggerConfig;

// ------------------------------------------------------------ event payloads

/** What every event has. */
export interface EventBase {
  type: string;
  /** Such as 'opened' or 'created'. */
  action?: string;
  /** The branch pushed to, the base of a pull request, or the default branch. */
  targetBranch?: string;
  /** The head branch of a pull request. */
  sourceBranch?: string;
  provider?: string;
  isForkPR?: boolean;
  baseBranch?: string;
  senderUsername?: string;
  /** 'owner/name' */
  sourceRepo?: string;
  changedFiles?: string[];
  /** What the provider sent. */
  payload?: Record<string, unknown>;
  [key: string]: unknown;
}

/** Fields beside the typed ones. */
interface Open {
  [key: string]: unknown;
}

export interface GitHubRepository extends Open {
  full_name: string;
  default_branch: string;
  name?: string;
  owner?: { login: string; [key: string]: unknown };
  private?: boolean;
}
export interface GitHubUser extends Open {
  login: string;
  id?: number;
}
export interface GitHubPullRequest extends Open {
  number: number;
  draft?: boolean;
  title?: string;
  body?: string;
  state?: string;
  merged?: boolean;
  head: { ref: string; sha: string; repo?: { full_name: string; [key: string]: unknown }; [key: string]: unknown };
  base: { ref: string; repo?: { full_name: string; [key: string]: unknown }; [key: string]: unknown };
  user?: GitHubUser;
  labels?: Array<{ name: string; [key: string]: unknown }>;
}
export interface GitHubCommit extends Open {
  id: string;
  message: string;
  author?: { name?: string; email?: string; username?: string; [key: string]: unknown };
  timestamp?: string;
  added?: string[];
  removed?: string[];
  modified?: string[];
}
export interface GitHubComment extends Open {
  id: number;
  body: string;
  user: GitHubUser;
}
export interface GitHubReview extends Open {
  id: number;
  state: string;
  body?: string;
  user: GitHubUser;
}
export interface GitHubRelease extends Open {
  id: number;
  tag_name: string;
  name?: string;
  body?: string;
  draft?: boolean;
  prerelease?: boolean;
  target_commitish?: string;
}

interface FromRepository extends Open {
  repository: GitHubRepository;
  sender: GitHubUser;
}
interface WithAction extends FromRepository {
  action: string;
}
interface Event<Type extends string, Payload extends Open> extends EventBase {
  type: Type;
  payload: Payload;
}

export interface PullRequestEventPayload
  extends Event<'pull_request', WithAction & { number: number; pull_request: GitHubPullRequest }> {}
export interface PushEventPayload
  extends Event<
    'push',
    Open & {
      ref: string;
      after: string;
      before: string;
      head_commit?: GitHubCommit;
      commits?: GitHubCommit[];
      repository: GitHubRepository;
      sender?: GitHubUser;
      forced?: boolean;
    }
  > {}
export interface TagEventPayload
  extends Event<'tag', Open & { ref: string; after: string; repository: GitHubRepository; sender?: GitHubUser }> {}
export interface CommentEventPayload
  extends Event<
    'comment',
    WithAction & {
      comment: GitHubComment;
      issue?: { number: number; title?: string; pull_request?: unknown; [key: string]: unknown };
    }
  > {}
export interface ReviewEventPayload
  extends Event<'review', WithAction & { review: GitHubReview; pull_request: GitHubPullRequest }> {}
export interface ReviewCommentEventPayload
  extends Event<'review_comment', WithAction & { comment: GitHubComment; pull_request: GitHubPullRequest }> {}
export interface ReleaseEventPayload extends Event<'release', WithAction & { release: GitHubRelease }> {}
export interface DispatchEventPayload
  extends Event<
    'dispatch',
    Open & {
      action: string;
      client_payload?: Record<string, unknown>;
      repository: GitHubRepository;
      sender?: GitHubUser;
    }
  > {}
export interface CreateEventPayload extends Event<'create', FromRepository & { ref: string; ref_type: string }> {}
export interface DeleteEventPayload extends Event<'delete', FromRepository & { ref: string; ref_type: string }> {}
export interface StatusEventPayload
  extends Event<
    'status',
    FromRepository & {
      state: string;
      sha: string;
      context: string;
      description?: string;
      target_url?: string;
      branches?: Array<{ name: string; [key: string]: unknown }>;
    }
  > {}
export interface WorkflowRunEventPayload
  extends Event<
    'workflow_run',
    WithAction & {
      workflow_run: {
        head_branch: string;
        name: string;
        conclusion?: string;
        status?: string;
        [key: string]: unknown;
      };
    }
  > {}
export interface ForkEventPayload
  extends Event<'fork', FromRepository & { forkee: { full_name: string; [key: string]: unknown } }> {}
export interface StarEventPayload extends Event<'star', WithAction> {}
export interface WatchEventPayload extends Event<'watch', WithAction> {}

interface PlainEvent<Type extends string> extends EventBase {
  type: Type;
}
export interface WebhookEventPayload extends PlainEvent<'webhook'> {}
export interface KiciEventPayload extends PlainEvent<'kici_event'> {}
export interface WorkflowCompleteEventPayload extends PlainEvent<'workflow_complete'> {}
export interface JobCompleteEventPayload extends PlainEvent<'job_complete'> {}
export interface GenericWebhookEventPayload extends PlainEvent<'generic_webhook'> {}
export interface ScheduleEventPayload extends PlainEvent<'schedule'> {}
export interface LifecycleEventPayload extends PlainEvent<'lifecycle'> {}
export interface RerunEventPayload extends PlainEvent<'rerun'> {}
export interface ManualScheduleEventPayload extends PlainEvent<'manual_schedule'> {}
export interface UnknownEventPayload extends PlainEvent<'unknown'> {}

/** Any event; narrow it on `type`. */
export type EventPayload =
  | PullRequestEventPayload | PushEventPayload | TagEventPayload | CommentEventPayload | ReviewEventPayload
  | ReviewCommentEventPayload | ReleaseEventPayload | DispatchEventPayload | CreateEventPayload | DeleteEventPayload
  | StatusEventPayload | WorkflowRunEventPayload | ForkEventPayload | StarEventPayload | WatchEventPayload
  | WebhookEventPayload | KiciEventPayload | WorkflowCompleteEventPayload | JobCompleteEventPayload
  | GenericWebhookEventPayload | ScheduleEventPayload | LifecycleEventPayload | RerunEventPayload
  | ManualScheduleEventPayload | UnknownEventPayload;

// Only what says `export` above leaves this module.
export {};
