// ctx.secrets: what a step may read, and the files it may have written.
//
// The values live in a map without a prototype, so no inherited name looks
// like a secret. Files go through the wiring the runner passes in: the runner
// knows the step's private folder and the log masker, this file only decides
// names and contents.

import type { SecretFileOptions, SecretMeta, SecretMountRecord, SecretWiring, StepSecretsHandle } from '../sdk';

export class SecretNotFoundError extends Error {
  override readonly name = 'SecretNotFoundError';
  readonly key: string;

  constructor(
    key: string | string[],
    readonly availableKeys: string[],
  ) {
    const keys = Array.isArray(key) ? key : [key];
    const known = availableKeys.length === 0 ? '(none)' : availableKeys.join(', ');
    super(`secret${keys.length > 1 ? 's' : ''} not found: ${keys.join(', ')}; available: ${known}`);
    this.key = keys[0]!;
  }
}

type Env = Record<string, string | undefined>;

export function createStepSecrets(
  values: Record<string, string>,
  env: Env,
  meta: Record<string, SecretMeta> = {},
  wiring?: SecretWiring,
): StepSecretsHandle {
  const store = new SecretStore(values, env, meta, wiring);
  const secrets = {
    get: (key: string) => store.get(key),
    expose: (key: string) => store.expose(key),
    has: (key: string) => store.has(key),
    list: () => store.keys().sort(),
    getMeta: (key: string) => store.getMeta(key),
    mountFile: (o: SecretFileOptions) => store.mount(o),
    exposeFile: (envVar: string, o: SecretFileOptions) => store.exposeFile(envVar, o),
    getAccessLog: () => [...store.accessed].sort(),
    getMountedKeys: () => [...new Set(store.records.flatMap((r) => r.sources))].sort(),
    getMountRecords: () => store.records.map((r) => ({ ...r, sources: [...r.sources] })),
  };
  return { secrets: Object.freeze(secrets), dispose: () => store.dispose() };
}

class SecretStore {
  readonly accessed = new Set<string>();
  readonly records: SecretMountRecord[] = [];
  private readonly values: Record<string, string>;
  private readonly exposed = new Map<string, string | undefined>();
  private readonly names = new Set<string>();
  private mounted = 0;

  constructor(
    values: Record<string, string>,
    private readonly env: Env,
    private readonly meta: Record<string, SecretMeta>,
    private readonly wiring: SecretWiring | undefined,
  ) {
    this.values = Object.assign(Object.create(null), values);
  }

  has(key: string): boolean {
    return key in this.values;
  }

  keys(): string[] {
    return Object.keys(this.values);
  }

  async get(key: string): Promise<string> {
    if (!this.has(key)) throw new SecretNotFoundError(key, this.keys());
    this.accessed.add(key);
    return this.values[key]!;
  }

  async expose(key: string): Promise<void> {
    const value = await this.get(key);
    this.setEnv(key, value);
  }

  getMeta(key: string): SecretMeta | undefined {
    return Object.prototype.hasOwnProperty.call(this.meta, key) && this.has(key) ? this.meta[key] : undefined;
  }

  async mount(o: SecretFileOptions, envVar?: string): Promise<{ path: string }> {
    if (this.wiring === undefined) throw new Error('secrets cannot be mounted as files here');
    const sources = o?.sources;
    if (!Array.isArray(sources) || sources.length === 0) throw new Error('mountFile: sources must name at least one secret');
    const missing = sources.filter((key) => !this.has(key));
    if (missing.length > 0) throw new SecretNotFoundError(missing, this.keys());
    for (const key of sources) this.accessed.add(key);
    const content = sources.map((key) => this.values[key]!).join(o.divider ?? '');
    const target = await this.wiring.writeFile(this.fileName(o.name), content, o.mode ?? 0o600);
    this.records.push({ sources: [...sources], target, kind: envVar === undefined ? 'mount' : 'expose', ...(envVar === undefined ? {} : { envVar }) });
    return { path: target };
  }

  async exposeFile(envVar: string, o: SecretFileOptions): Promise<{ path: string }> {
    if (typeof envVar !== 'string' || envVar === '') throw new Error('exposeFile: the name of the variable must not be empty');
    const file = await this.mount(o, envVar);
    this.setEnv(envVar, file.path);
    return file;
  }

  /** Keeps the name inside the step's folder, and distinct from earlier ones. */
  private fileName(wanted: string | undefined): string {
    this.mounted++;
    const base = (wanted ?? '').split(/[/\\]/).pop()!.replace(/[\0-\x1f:*?"<>|]/g, '_');
    const name = /^\.*$/.test(base) ? `secret-${this.mounted}` : base;
    let free = name;
    for (let i = 2; this.names.has(free); i++) free = `${name}-${i}`;
    this.names.add(free);
    return free;
  }

  private setEnv(key: string, value: string): void {
    if (!this.exposed.has(key)) this.exposed.set(key, this.env[key]);
    this.env[key] = value;
  }

  /** Ends the step: variables get their former values back, files go. Never throws. */
  async dispose(): Promise<void> {
    for (const [key, before] of this.exposed) {
      if (before === undefined) delete this.env[key];
      else this.env[key] = before;
    }
    this.exposed.clear();
    try {
      await this.wiring?.dispose?.();
    } catch {
      // The folder is private and temporary; a failure to remove it must not fail the step.
    }
  }
}
