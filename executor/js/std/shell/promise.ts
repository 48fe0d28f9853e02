import type { Exit, Handle } from '../child/child';
import { duration } from './explain';
import { chunks, lines } from './lines';
import { ProcessOutput, tooLate } from './output';
import { createStdin, type ShellStdin } from './stdin';
import type { Settings } from './settings';

declare const __native: import('../child/child').Primitives;

type Stdio = 'pipe' | 'inherit' | 'ignore';

// A function costs as much as everything else in an object, and a promise two
// of them: what most commands do without is made when it is asked for.
const pipes: Stdio[] = ['pipe', 'pipe', 'pipe'];
const nothing = (): void => {};
const now = Promise.resolve();
const then = Promise.prototype.then;

const settledOutputs = new WeakSet<object>();

/** A running command. It is a promise of its ProcessOutput. */
export class ProcessPromise extends Promise<ProcessOutput> {
  static get [Symbol.species](): PromiseConstructor { return Promise; }

  #settings!: Settings;
  #output!: ProcessOutput;
  #resolve!: (o: ProcessOutput) => void;
  #reject!: (o: any) => void;
  #handle?: Handle;
  #started?: Promise<Handle>; // for those who ask
  #onStart?: (h: Handle) => void;
  #stdin?: ShellStdin;
  #stdio: Stdio[] = pipes;
  #cmd?: string;
  #timer?: any;
  #timedOut?: string;
  #cause?: any;
  #settled = false;
  #piped = false;
  #opened = false;
  #failedLeft?: ProcessOutput;
  #lefts?: Promise<unknown>[];
  #wanted = false;
  #early?: string; // a signal asked for before the command ran
  #unlisten?: () => void;

  constructor(executor: (resolve: (v: any) => void, reject: (e: any) => void) => void) {
    let res!: any, rej!: any;
    super((a, b) => { res = a; rej = b; executor(a, b); });
    this.#resolve = res;
    this.#reject = rej;
  }

  /** Starts a command; text is a promise where the template held promises. */
  static run(settings: Settings, output: ProcessOutput, text: string | Promise<string>): ProcessPromise {
    const p = new ProcessPromise(nothing);
    p.#settings = settings;
    p.#output = output;
    p.#stdio = normalise(settings.stdio);
    if (typeof text === 'string') p.#spawn(text);
    else text.then((t) => p.#spawn(t), (e) => p.#fail(e));
    return p;
  }

  #spawn(text: string): void {
    const s = this.#settings;
    this.#cmd = text;
    if (s.signal?.aborted) return this.#fail(abortError(s.signal.reason));
    let h: Handle;
    try {
      h = __native.spawn(
        { args: s.argv(text), cwd: s.cwd, env: s.env, stdin: this.#stdio[0] === 'pipe' },
        (exit) => this.#ended(exit),
      );
    } catch (e) {
      return this.#fail(e);
    }
    this.#handle = h;
    this.#onStart?.(h);
    if (s.timeout !== undefined) this.#arm();
    if (s.signal) {
      const onAbort = () => this.#aborted(s.signal.reason);
      s.signal.addEventListener('abort', onAbort);
      this.#unlisten = () => s.signal.removeEventListener('abort', onAbort);
    }
    if (s.input !== undefined && s.input !== null) this.#feed(s.input);
    if (this.#early !== undefined) h.kill(this.#early);
    // Output waits for the end of this turn: what is chained to the command
    // (.quiet(), .pipe()) decides where it goes.
    then.call(now, () => this.#open());
    if (this.#wanted) this.#closeIdleInput();
  }

  #open(): void {
    if (this.#opened || !this.#handle) return;
    this.#opened = true;
    const quiet = this.#settings.quiet;
    if (this.isVerbose()) __native.print(2, '$ ' + this.cmd + '\n');
    const out = this.#stdio[1], err = this.#stdio[2];
    this.#handle.open(!quiet && !this.#piped && out !== 'ignore', !quiet && err !== 'ignore');
  }

  #feed(input: any): void {
    if (typeof input === 'string' || ArrayBuffer.isView(input) || input instanceof ArrayBuffer) {
      this.stdin.end(input);
    } else if (input instanceof ProcessPromise) {
      input.#pipeTo(this);
    } else if (input instanceof ProcessOutput) {
      this.stdin.end(input.stdout);
    } else if (input?.[Symbol.asyncIterator]) {
      (async () => {
        for await (const c of input) this.stdin.write(c);
        this.stdin.end();
      })().catch((e) => { this.#cause = e; this.kill(); });
    } else {
      throw new TypeError('input must be text, bytes, a stream, or a command');
    }
  }

  #ended(exit: Exit): void {
    this.#clear();
    this.#opened = true;
    if (exit.stopped) exit = { ...exit, code: 0, signal: null };
    ProcessOutput.finish(this.#output, exit, this.#handle, this.#settings.delimiter, this.#cause, this.cmd);
    settledOutputs.add(this.#output);
    if (this.#lefts) Promise.all(this.#lefts).then(() => this.#settle());
    else this.#settle();
  }

  #settle(): void {
    this.#settled = true;
    const bad = this.#failedLeft ?? (this.#output.ok ? undefined : this.#output);
    if (bad && !(this.#settings.nothrow && bad === this.#output)) this.#reject(bad);
    else this.#resolve(this.#output);
  }

  /** The command could not be run at all. */
  #fail(cause: any): void {
    this.#clear();
    this.#started ??= Promise.resolve(dead);
    this.#onStart?.(dead);
    ProcessOutput.finish(this.#output, { code: typeof cause?.errno === 'number' ? cause.errno : null, signal: null, duration: 0, stopped: false }, undefined, undefined, cause ?? new Error('failed'), this.cmd);
    this.#settle();
  }

  #clear(): void {
    clearTimeout(this.#timer);
    this.#unlisten?.();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const ms = duration(this.#settings.timeout);
    if (ms > 0) this.#timer = setTimeout(() => this.kill(this.#settings.timeoutSignal), ms);
  }

  #aborted(reason: any): void {
    this.#cause = abortError(reason);
    this.kill();
  }

  // A command that is awaited while nobody has touched its input reads end of
  // file instead of waiting forever.
  #closeIdleInput(): void {
    if (!this.#stdin && this.#stdio[0] === 'pipe') this.#handle!.idle();
  }

  get #running(): Promise<Handle> {
    return (this.#started ??= this.#handle ? Promise.resolve(this.#handle) : new Promise<Handle>((r) => { this.#onStart = r; }));
  }

  // ---- what authors use -------------------------------------------------

  get cmd(): string { return this.#cmd ?? ''; }
  get fullCmd(): string { return this.#settings.prefix + this.cmd + this.#settings.postfix; }
  get pid(): number | undefined { return this.#handle?.pid; }
  get exitCode(): Promise<number | null> { return this.then((o) => o.exitCode, (o) => o.exitCode); }
  get signal(): any { return this.#settings.signal; }
  get output(): ProcessOutput | null { return this.#settled ? this.#output : null; }
  get stage(): string {
    return this.#settled ? (this.#output.ok ? 'fulfilled' : 'rejected') : this.#handle ? 'running' : 'initial';
  }
  get child(): this { return this; }

  get stdin(): ShellStdin {
    return (this.#stdin ??= createStdin(this.#running, this, this.#handle !== undefined && !this.#handle.takeInput()));
  }
  get stdout(): any { return this.#readable('stdout'); }
  get stderr(): any { return this.#readable('stderr'); }

  #streams?: Record<string, any>;
  #readable(stream: 'stdout' | 'stderr'): any {
    return ((this.#streams ??= {})[stream] ??= require('stream').Readable.from(
      (async function* (started: Promise<Handle>) {
        const { Buffer } = require('buffer');
        for await (const b of chunks(started, stream)) yield Buffer.from(b);
      })(this.#running),
      { objectMode: false },
    ));
  }

  then(a?: any, b?: any): any {
    if (!this.#wanted && this.#settings) {
      this.#wanted = true;
      if (this.#handle) this.#closeIdleInput();
    }
    return super.then(a, b);
  }

  kill(signal?: string): Promise<void> {
    const s = signal ?? this.#settings.killSignal ?? 'SIGTERM';
    if (!this.#handle) this.#early = s;
    else if (!this.#settled) this.#handle.kill(s);
    return Promise.resolve();
  }
  abort(reason?: any): void {
    if (this.#settled) return;
    this.#aborted(reason);
  }
  nothrow(v = true): this { this.#settings = this.#settings.with({ nothrow: v }); return this; }
  quiet(v = true): this { this.#settings = this.#settings.with({ quiet: v }); return this; }
  verbose(v = true): this { this.#settings = this.#settings.with({ verbose: v, quiet: false }); return this; }
  isQuiet(): boolean { return this.#settings.quiet; }
  isVerbose(): boolean { return this.#settings.verbose && !this.#settings.quiet; }
  isNothrow(): boolean { return this.#settings.nothrow; }
  stdio(stdin: Stdio | Stdio[], stdout: Stdio = 'pipe', stderr: Stdio = 'pipe'): this {
    this.#stdio = Array.isArray(stdin) ? normalise(stdin) : [stdin, stdout, stderr];
    if (this.#stdio[0] !== 'pipe') this.stdin.end();
    return this;
  }
  timeout(d: number | string, signal?: string): this {
    duration(d);
    this.#settings = this.#settings.with({ timeout: d, timeoutSignal: signal ?? this.#settings.timeoutSignal });
    if (this.#handle && !this.#settled) this.#arm();
    return this;
  }

  /** Hands stdout to a command, a promise of one, a stream or a file. */
  pipe(dest: any, ...args: any[]): any {
    if (dest === undefined || dest === null) throw new TypeError('pipe needs a command, a stream or a file name');
    if (Array.isArray(dest) && 'raw' in dest) dest = this.#settings.shell$(dest as any, ...args);
    this.#piped = true;
    if (dest instanceof ProcessPromise) return this.#pipeTo(dest);
    const copied = typeof dest === 'string'
      ? this.#running.then((h) => (h === dead ? undefined : h.pipeFile('stdout', dest))).catch((e) => { throw tooLate(e, 'stdout'); })
      : this.#copy(dest);
    copied.catch(() => undefined); // it is told below, when the command has ended
    const done = this.then((o) => copied.then(() => o));
    return done;
  }

  async #copy(dest: any): Promise<void> {
    if (typeof dest?.write !== 'function') throw new TypeError('pipe needs a command, a stream or a file name');
    const { Buffer } = require('buffer');
    for await (const b of chunks(this.#running, 'stdout')) {
      await new Promise<void>((r, j) => dest.write(Buffer.from(b), (e: any) => (e ? j(e) : r())));
    }
    if (dest !== (process as any).stdout && dest !== (process as any).stderr) {
      await new Promise<void>((r) => dest.end(() => r()));
    }
  }

  #pipeTo(dest: ProcessPromise): ProcessPromise {
    this.#piped = true;
    const input = dest.stdin; // it is taken
    if (settledOutputs.has(this.#output) && !this.#handle) input.end('');
    else {
      Promise.all([this.#running, dest.#running]).then(([from, to]) => {
        if (from === dead) to === dead || to.end();
        else if (to !== dead) from.pipe(to);
        else from.stop();
      }).catch((e) => { // nobody will read the left one, and the right one has nothing to read
        this.#handle?.stop();
        dest.#cause = tooLate(e, 'stdout');
        dest.kill();
      });
    }
    const left = then.call(this, () => undefined, (o: any) => { dest.#failedLeft ??= o; });
    (dest.#lefts ??= []).push(left as Promise<unknown>);
    return dest;
  }

  async json<T = any>(): Promise<T> { return (await this).json<T>(); }
  async text(encoding?: string): Promise<string> { return (await this).text(encoding); }
  async lines(delimiter?: string | RegExp): Promise<string[]> { return (await this).lines(delimiter); }
  async buffer(): Promise<any> { return (await this).buffer(); }
  async blob(type?: string): Promise<any> { return (await this).blob(type); }

  /** Lines of stdout while the command runs; a failure is thrown at the end. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    const it = lines(this.#running, 'stdout', this.#settings.delimiter);
    if (!this.#wanted) { this.#wanted = true; if (this.#handle) this.#closeIdleInput(); }
    then.call(this, undefined, () => undefined); // awaited below, unless the loop is left
    yield* it;
    await this;
  }

  get [Symbol.toStringTag](): string { return 'ProcessPromise'; }
}

/** Stands for the handle of a command that never ran. */
const dead: any = {
  pid: undefined, open() {}, write: async () => 'EPIPE', end: async () => undefined, kill: () => false,
  idle() {}, takeInput: () => true, follow: () => ({ next: async () => undefined, close() {} }), stop() {}, pipeFile: async () => undefined,
};

function normalise(stdio: any): Stdio[] {
  if (stdio === undefined || stdio === null) return pipes;
  if (typeof stdio === 'string') return [stdio as Stdio, stdio as Stdio, stdio as Stdio];
  return [stdio[0] ?? 'pipe', stdio[1] ?? 'pipe', stdio[2] ?? 'pipe'];
}

function abortError(reason: any): any {
  const e: any = new Error('The operation was aborted');
  e.name = 'AbortError';
  e.code = 'ABORT_ERR';
  if (reason !== undefined) e.cause = reason;
  return e;
}
