import { type Quote, quote, quotePowerShell } from './quote';

/** What authors write in $({…}) and what createShell takes. */
export interface ShellOptions {
  cwd?: string;
  env?: Record<string, unknown>;
  shell?: string | boolean;
  prefix?: string;
  postfix?: string;
  quote?: Quote;
  input?: any;
  stdio?: any;
  nothrow?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  timeout?: number | string;
  timeoutSignal?: string;
  killSignal?: string;
  signal?: any;
  ac?: { signal: any };
  sync?: boolean;
  preferLocal?: boolean | string | string[];
  detached?: boolean;
  delimiter?: string | RegExp;
}

const known = [
  'cwd', 'env', 'shell', 'prefix', 'postfix', 'quote', 'input', 'stdio', 'nothrow', 'quiet', 'verbose', 'timeout',
  'timeoutSignal', 'killSignal', 'signal', 'ac', 'sync', 'preferLocal', 'detached', 'delimiter', 'halt', 'log', 'spawn',
  'kill', 'store', 'maxBuffer', 'windowsHide',
];

/** The settings of one shell: options with their defaults filled in. */
export class Settings {
  constructor(readonly options: ShellOptions, readonly shell$: (pieces: TemplateStringsArray, ...args: unknown[]) => any) {}

  with(more: ShellOptions): Settings { return new Settings({ ...this.options, ...more }, this.shell$); }

  get cwd() { return this.options.cwd; }
  get quiet() { return !!this.options.quiet; }
  get verbose() { return !!this.options.verbose; }
  get nothrow() { return !!this.options.nothrow; }
  get sync() { return !!this.options.sync; }
  get input() { return this.options.input; }
  get stdio() { return this.options.stdio; }
  get timeout() { return this.options.timeout; }
  get timeoutSignal() { return this.options.timeoutSignal ?? 'SIGTERM'; }
  get killSignal() { return this.options.killSignal; }
  get signal() { return this.options.signal ?? this.options.ac?.signal; }
  get delimiter() { return this.options.delimiter; }

  get shell(): string | false {
    const s = this.options.shell;
    return s === false ? false : typeof s === 'string' ? s : 'bash';
  }
  get isPowerShell(): boolean { return /(pwsh|powershell)(\.exe)?$/i.test(this.shell || ''); }
  get prefix(): string {
    return this.options.prefix ?? (this.shell && /(^|[\\/])bash(\.exe)?$/.test(this.shell) ? 'set -euo pipefail;' : '');
  }
  get postfix(): string { return this.options.postfix ?? (this.isPowerShell ? '; exit $LastExitCode' : ''); }
  get quote(): Quote { return this.options.quote ?? (this.isPowerShell ? quotePowerShell : quote); }

  /** undefined stands for the job's live environment. */
  get env(): Record<string, unknown> | undefined {
    const { env, preferLocal } = this.options;
    if (!preferLocal) return env;
    const base: Record<string, unknown> = { ...(env ?? process.env) };
    const path = require('path');
    const roots = (preferLocal === true ? [this.cwd ?? process.cwd()] : [preferLocal].flat()) as string[];
    const bins = roots.flatMap((r) => [path.resolve(r, 'node_modules', '.bin'), path.resolve(r)]);
    base.PATH = [...bins, base.PATH].filter(Boolean).join(path.delimiter);
    return base;
  }

  argv(text: string): string[] {
    const full = this.prefix + text + this.postfix;
    if (this.shell === false) return text.trim().split(/\s+/);
    return [this.shell, this.isPowerShell ? '-Command' : '-c', full];
  }
}

/** Refuses a misspelt option: it would be ignored in silence otherwise. */
export function check(options: ShellOptions): ShellOptions {
  for (const k of Object.keys(options)) {
    if (!known.includes(k)) throw new TypeError(`$: unknown option "${k}"`);
  }
  return options;
}
