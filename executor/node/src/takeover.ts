// What a job must not do to the process it lives in, and what must reach the
// engine: output, and the children that the author starts by himself.

import '../../js/std/web/shared/language';

class ProcessExit extends Error {
  exitCode: number;
  code = 'ERR_PROCESS_EXIT';
  constructor(code: number) {
    super('process.exit(' + code + ') was called; a step ends by returning or throwing');
    this.exitCode = code;
  }
  override get name() { return 'ProcessExit'; }
}

/** settle returns when all that was printed so far, here and by children, is in the log. */
export function takeOver(output: (stream: number, data: any) => void, settle: () => void): { mark(n: number): void; exit(): void } {
  streams(output);
  plainConsole();
  timers();
  const exit = process.exit.bind(process);
  process.exit = ((code?: any) => { throw new ProcessExit(Number(code ?? process.exitCode ?? 0)); }) as any;
  process.abort = (() => { throw new ProcessExit(134); }) as any;
  return { mark: children(settle), exit: () => exit(0) };
}

/** How long this process lives is the engine's business, and beforeExit says when
 * nothing can happen any more: a timer that is still to fire is something. */
function timers(): void {
  const t: any = setTimeout(() => {}, 0);
  clearTimeout(t);
  Object.getPrototypeOf(t).unref = function () { return this; };
}

/** Output goes the way of everything else, so that it keeps its place among it. */
function streams(output: (stream: number, data: any) => void): void {
  for (const [name, fd] of [['stdout', 1], ['stderr', 2]] as const) {
    const s: any = process[name];
    s.isTTY = false;
    s.write = (chunk: any, encoding?: any, done?: any) => {
      const data = typeof chunk === 'string' ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as any) : 'utf8') : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      output(fd, data);
      const callback = typeof encoding === 'function' ? encoding : done;
      if (typeof callback === 'function') process.nextTick(callback);
      return true;
    };
    s.end = (chunk?: any) => { if (chunk !== undefined && typeof chunk !== 'function') s.write(chunk); return s; };
  }
}

/** FORCE_COLOR is for the tools that a step runs; in our own log colours would only be noise. */
function plainConsole(): void {
  const plain: any = new console.Console({ stdout: process.stdout, stderr: process.stderr, colorMode: false });
  for (const key of Object.keys(plain)) if (typeof plain[key] === 'function') (console as any)[key] = plain[key];
}

const name = 'KICI_PROCESS';

/** Children of node:child_process carry the job's cookie too, numbered as the call
 * that started them, whatever environment they are given: so they are found and ended.
 * They may inherit the output, which goes another way than ours: what was printed before
 * one starts is in the log before what it prints, and that before what follows a Sync call. */
function children(settle: () => void): (mark: number) => void {
  const job = (process.env[name] ?? '').split(':')[0];
  delete process.env[name];
  let value = job + ':1';
  const cp = require('child_process');
  const spawn = cp.ChildProcess.prototype.spawn;
  cp.ChildProcess.prototype.spawn = function (options: any) {
    if (Array.isArray(options?.envPairs)) options.envPairs.push(name + '=' + value);
    settle();
    return spawn.call(this, options);
  };
  for (const [method, at] of [['spawnSync', 2], ['execFileSync', 2], ['execSync', 1]] as const) {
    const original = cp[method];
    cp[method] = (...args: any[]) => {
      const i = args.findIndex((a, k) => k > 0 && k <= at && a !== null && typeof a === 'object' && !Array.isArray(a));
      const o = i > 0 ? args[i] : {};
      const marked = { ...o, env: { ...(o.env ?? process.env), [name]: value } };
      if (i > 0) args[i] = marked;
      else if (method !== 'execSync' && !Array.isArray(args[1])) args = [args[0], [], marked];
      else args.push(marked);
      settle();
      try {
        return original(...args);
      } finally {
        settle();
      }
    };
  }
  return (mark) => { value = job + ':' + (mark + 1); };
}
