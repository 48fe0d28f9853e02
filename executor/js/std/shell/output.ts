import type { Exit, Handle, Stream } from '../child/child';
import { exitMeaning } from './explain';

declare const __native: import('../child/child').Primitives;

/** Thrown by the output properties of a command that printed more than is kept. */
export class ProcessOutputTooLarge extends Error {
  constructor(stream: string, late = false) {
    super(
      late
        ? `${stream} was piped or read after more than the 64 MiB kept of a command's output: the rest was dropped before. ` +
            `Pipe or read it in the turn that starts the command`
        : `${stream} is larger than the 64 MiB kept of a command's output. The command itself was not harmed: ` +
            `write such output to a file, or read it line by line while the command runs`,
    );
    this.name = 'ProcessOutputTooLarge';
  }
}

/** Names the error of a reader that came after output was dropped. */
export function tooLate(e: any, stream: Stream): any {
  return /dropped before somebody read it/.test(String(e?.message)) ? new ProcessOutputTooLarge(stream, true) : e;
}

const inspectKey = Symbol.for('nodejs.util.inspect.custom');

/** How a command ended and what it printed. It is an Error, made where the
 * command was written, so that its stack is the author's. */
export class ProcessOutput extends Error {
  #handle?: Handle;
  #exit: Exit = { code: null, signal: null, duration: 0, stopped: false };
  #cached: Partial<Record<Stream, string>> = {};
  #delimiter: string | RegExp | undefined;
  declare cause?: unknown;

  constructor() {
    super('');
    Object.defineProperty(this, 'name', { value: 'Error', configurable: true, writable: true, enumerable: false });
  }

  /** Fills in the end of the command; the shell calls it once. */
  static finish(o: ProcessOutput, exit: Exit, handle: Handle | undefined, delimiter?: string | RegExp, cause?: any, command = ''): void {
    o.#exit = exit;
    o.#handle = handle;
    o.#delimiter = delimiter;
    if (cause !== undefined) Object.defineProperty(o, 'cause', { value: cause, configurable: true, writable: true, enumerable: false });
    if (o.ok) return; // a message costs, and most commands succeed
    // What a report shows of a thrown command; hidden, because a ProcessOutput
    // has no keys of its own.
    Object.defineProperty(o, 'kici:props', { value: { exitCode: exit.code, signal: exit.signal, command }, enumerable: false });
    const message = cause === undefined ? o.#explain() : o.#explainCause(cause);
    const trace = (o.stack ?? '').split('\n').filter((l) => /^\s+at /.test(l));
    Object.defineProperty(o, 'message', { value: message, configurable: true, writable: true, enumerable: false });
    Object.defineProperty(o, 'stack', { value: ['Error: ' + message, ...trace].join('\n'), configurable: true, writable: true, enumerable: false });
  }

  #where(): string {
    const s = __native.site(this);
    return s ? `\n    at ${s.file}:${s.line}:${s.column}` : '';
  }

  #explain(): string {
    const { code, signal } = this.#exit;
    const meaning = exitMeaning(code);
    const errors = clip(this.#read('stderr'));
    let m = `${errors.replace(/\n$/, '')}\n${this.#where()}\n    exit code: ${code}${meaning ? ` (${meaning})` : ''}`;
    if (errors === '') m = m.replace(/^\n/, '');
    if (signal !== null) m += `\n    signal: ${signal}`;
    const tail = errors === '' ? lastLines(this.#read('stdout'), 20) : '';
    if (tail !== '') m += `\n    details: \n${tail}`;
    return m;
  }

  #explainCause(cause: any): string {
    let m = String(cause?.message ?? cause);
    if (cause?.errno !== undefined) m += `\n    errno: ${cause.errno}`;
    if (cause?.code !== undefined) m += `\n    code: ${cause.code}`;
    return m + this.#where();
  }

  /** For messages, which must not throw. */
  #read(stream: Stream): string {
    if (!this.#handle) return '';
    return this.#handle.lost(stream) ? `(${stream} was larger than 64 MiB and is not shown)` : this.#get(stream);
  }

  #get(stream: Stream): string {
    const have = this.#cached[stream];
    if (have !== undefined) return have;
    if (!this.#handle) return '';
    if (this.#handle.lost(stream)) throw new ProcessOutputTooLarge(stream);
    return (this.#cached[stream] = this.#handle.text(stream));
  }

  get stdout(): string { return this.#get('stdout'); }
  get stderr(): string { return this.#get('stderr'); }
  get stdall(): string { return this.#get('stdall'); }
  get exitCode(): number | null { return this.#exit.code; }
  get signal(): string | null { return this.#exit.signal; }
  get duration(): number { return this.#exit.duration; }
  get ok(): boolean { return this.#exit.code === 0 && this.cause === undefined; }

  buffer(): any {
    if (this.#handle?.lost('stdall')) throw new ProcessOutputTooLarge('stdall');
    const { Buffer } = require('buffer');
    return Buffer.from(this.#handle ? this.#handle.bytes('stdall') : new ArrayBuffer(0));
  }
  text(encoding?: string): string {
    return encoding === undefined || /^utf-?8$/i.test(encoding) ? this.stdall : this.buffer().toString(encoding);
  }
  json<T = any>(): T { return JSON.parse(this.stdall); }
  lines(delimiter?: string | RegExp): string[] { return splitLines(this.stdall, delimiter ?? this.#delimiter); }
  blob(type = 'text/plain'): any { return new (globalThis as any).Blob([this.buffer()], { type }); }

  toString(): string { return this.stdall; }
  valueOf(): string { return this.stdall.replace(/\r?\n$/, ''); }
  [Symbol.toPrimitive](): string { return this.valueOf(); }
  *[Symbol.iterator](): IterableIterator<string> { yield* this.lines(); }
  get [Symbol.toStringTag](): string { return 'ProcessOutput'; }

  [inspectKey](): string {
    const meaning = exitMeaning(this.exitCode);
    return (
      `ProcessOutput {\n  stdout: ${JSON.stringify(this.#read('stdout'))},\n  stderr: ${JSON.stringify(this.#read('stderr'))},\n` +
      `  signal: ${JSON.stringify(this.signal)},\n  exitCode: ${this.exitCode}${meaning ? ` (${meaning})` : ''},\n  duration: ${Math.round(this.duration)}\n}`
    );
  }
}

/** Lines as they were printed: a line break at the very end starts no line. */
export function splitLines(text: string, delimiter: string | RegExp = /\r?\n/): string[] {
  const lines = text.split(delimiter);
  if (lines[lines.length - 1] === '') lines.pop();
  return lines;
}

const most = 64 << 10;

function clip(s: string): string {
  return s.length <= most ? s : '…' + s.slice(-most);
}

function lastLines(s: string, n: number): string {
  return clip(s).replace(/\s+$/, '').split('\n').slice(-n).join('\n');
}
