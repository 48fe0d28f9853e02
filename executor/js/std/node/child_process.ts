// child_process over the primitives that $ uses (std/child).
declare const module: { exports: any };
import type { Exit, Handle, Primitives } from '../child/child';
declare const __native: Primitives;
const EventEmitter = require('events');
import { Buffer } from 'buffer';
import { absent } from './absent';

const shellOf = (o: any): string => (typeof o.shell === 'string' ? o.shell : process.platform === 'win32' ? (process.env.ComSpec ?? 'cmd.exe') : '/bin/sh');
const viaShell = (cmd: string, o: any): string[] => (/cmd(\.exe)?$/i.test(shellOf(o)) ? [shellOf(o), '/d', '/s', '/c', cmd] : [shellOf(o), '-c', cmd]);
const dir = (o: any) => (o.cwd && typeof o.cwd === 'object' ? require('url').fileURLToPath(o.cwd) : o.cwd);
const stdioOf = (s: any): any[] => (s === undefined || s === null ? ['pipe', 'pipe', 'pipe'] : typeof s === 'string' ? [s, s, s] : [s[0] ?? 'pipe', s[1] ?? 'pipe', s[2] ?? 'pipe']);
const word = (s: any) => (s === 'inherit' || s === 0 || s === 1 || s === 2 || s?.fd !== undefined ? 'inherit' : s);
const signalName = (s: any): string => (typeof s === 'number' ? (Object.entries(require('os').constants.signals).find(([, n]) => n === s)?.[0] ?? 'SIGTERM') : (s ?? 'SIGTERM'));

function norm(file: any, a: any, b: any): [string, string[], any] {
  if (typeof file !== 'string' || file === '') throw Object.assign(new TypeError(`The "file" argument must be of type string.`), { code: 'ERR_INVALID_ARG_TYPE' });
  return Array.isArray(a) ? [file, a.map(String), b ?? {}] : [file, [], a ?? b ?? {}];
}
const vector = (file: string, args: string[], o: any): string[] => (o.shell ? viaShell([file, ...args].join(' '), o) : [file, ...args]);

class Input extends require('stream').Writable {
  constructor(h: Handle) {
    super({
      write: (c: any, _e: any, cb: any) => h.write(c).then((code) => (code ? cb(Object.assign(new Error('write EPIPE'), { code, syscall: 'write', errno: -32 })) : cb())),
      final: (cb: any) => h.end().then(() => cb()),
    });
  }
}
function output(h: Handle, stream: 'stdout' | 'stderr'): any {
  const { Readable } = require('stream');
  const f = h.follow(stream);
  return new Readable({
    async read(this: any) { const b = await f.next(); this.push(b === undefined ? null : Buffer.from(b)); },
    destroy(e: any, cb: any) { f.close(); cb(e); },
  });
}

export class ChildProcess extends EventEmitter {
  [k: string]: any;
  stdin: any = null; stdout: any = null; stderr: any = null; pid?: number;
  exitCode: number | null = null; signalCode: string | null = null; killed = false; connected = false;
  #h?: Handle;
  static start(c: ChildProcess, argv: string[], o: any): void {
    const io = stdioOf(o.stdio).map(word);
    c.spawnargs = argv; c.spawnfile = argv[0];
    const ended = (e: Exit) => {
      c.exitCode = e.code; c.signalCode = e.signal;
      clearTimeout(c._timer);
      c.emit('exit', e.code, e.signal);
      // close comes after the streams have ended, whoever reads them
      const open = [c.stdout, c.stderr].filter((s) => s && !s.readableEnded && !s.destroyed);
      let left = open.length;
      const close = () => c.emit('close', e.code, e.signal);
      if (left === 0) close();
      for (const s of open) { s.once('close', () => { if (--left === 0) close(); }); if (s.readableFlowing === null && s.listenerCount('readable') === 0) s.resume(); }
    };
    try {
      c.#h = __native.spawn({ args: argv, argv0: o.argv0, cwd: dir(o), env: o.env, stdin: io[0] === 'pipe' }, ended);
    } catch (e: any) {
      c.stdout = c.stderr = null;
      queueMicrotask(() => { c.emit('error', e); c.emit('close', e.errno ?? -1, null); });
      return;
    }
    const h = c.#h;
    c.pid = h.pid;
    if (io[0] === 'pipe') c.stdin = new Input(h);
    if (io[1] === 'pipe') c.stdout = output(h, 'stdout');
    if (io[2] === 'pipe') c.stderr = output(h, 'stderr');
    c.stdio = [c.stdin, c.stdout, c.stderr];
    h.open(io[1] === 'inherit', io[2] === 'inherit');
    if (o.timeout > 0) c._timer = setTimeout(() => c.kill(o.killSignal), o.timeout);
    if (o.signal) {
      const stop = () => { if (c.kill(o.killSignal)) c.emit('error', Object.assign(new Error('The operation was aborted'), { name: 'AbortError', code: 'ABORT_ERR' })); };
      o.signal.aborted ? queueMicrotask(stop) : o.signal.addEventListener('abort', stop, { once: true });
    }
    queueMicrotask(() => c.emit('spawn'));
  }
  kill(signal?: any): boolean {
    if (!this.#h || this.exitCode !== null || this.signalCode !== null) return false;
    const sent = this.#h.kill(signalName(signal));
    this.killed ||= sent;
    return sent;
  }
  ref() { return this; }
  unref() { return this; }
  disconnect() {}
  [Symbol.dispose ?? Symbol()]() { this.kill(); }
}

export function spawn(file: any, a?: any, b?: any): ChildProcess {
  const [f, args, o] = norm(file, a, b);
  const c = new ChildProcess();
  ChildProcess.start(c, vector(f, args, o), o);
  return c;
}
export function execFile(file: any, ...rest: any[]): ChildProcess {
  const cb = typeof rest[rest.length - 1] === 'function' ? rest.pop() : undefined;
  const [f, args, o] = norm(file, rest[0], rest[1]);
  return collect(vector(f, args, o), o, [f, ...args].join(' '), cb);
}
export function exec(cmd: string, ...rest: any[]): ChildProcess {
  const cb = typeof rest[rest.length - 1] === 'function' ? rest.pop() : undefined;
  const o = rest[0] ?? {};
  return collect(viaShell(cmd, o), o, cmd, cb);
}
function collect(argv: string[], o: any, cmd: string, cb: any): ChildProcess {
  const c = new ChildProcess();
  const got: Record<string, any[]> = { stdout: [], stderr: [] };
  const max = o.maxBuffer ?? 1024 * 1024;
  let failure: any;
  const text = (n: string) => { const b = Buffer.concat(got[n]); return o.encoding === 'buffer' || o.encoding === null ? b : b.toString(o.encoding); };
  c.once('error', (e: any) => { failure ??= e; });
  c.once('close', (code: number | null, signal: string | null) => {
    const [out, err] = [text('stdout'), text('stderr')];
    if (!failure && code === 0 && !signal) return cb?.(null, out, err);
    const e = failure ?? Object.assign(new Error(`Command failed: ${cmd}\n${err}`), { code: code ?? undefined, killed: c.killed, signal });
    if (e !== failure && code === null) e.code = null;
    cb?.(Object.assign(e, { cmd }), out, err);
  });
  ChildProcess.start(c, argv, { ...o, stdio: 'pipe' });
  for (const n of ['stdout', 'stderr']) {
    let size = 0;
    c[n]?.on('data', (b: any) => {
      size += b.length;
      got[n].push(size > max ? b.subarray(0, Math.max(0, b.length - (size - max))) : b);
      if (size > max && !failure) { failure = Object.assign(new RangeError(`${n} maxBuffer length exceeded`), { code: 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' }); c.kill(o.killSignal); }
    });
  }
  return c;
}
const custom = Symbol.for('nodejs.util.promisify.custom');
for (const fn of [exec, execFile] as any[]) {
  Object.defineProperty(fn, custom, {
    value: (...a: any[]) => {
      let child: any;
      const p: any = new Promise((resolve, reject) => {
        child = fn(...a, (e: any, stdout: any, stderr: any) => (e ? reject(Object.assign(e, { stdout, stderr })) : resolve({ stdout, stderr })));
      });
      p.child = child;
      return p;
    },
  });
}

export function spawnSync(file: any, a?: any, b?: any): any {
  const [f, args, o] = norm(file, a, b);
  return sync(vector(f, args, o), o);
}
function sync(argv: string[], o: any): any {
  const io = stdioOf(o.stdio).map(word);
  const empty = o.encoding && o.encoding !== 'buffer' ? '' : Buffer.alloc(0);
  let h: Handle;
  try {
    h = __native.spawnSync({ args: argv, argv0: o.argv0, cwd: dir(o), env: o.env, stdin: false },
      { input: o.input, timeout: o.timeout ?? 0, killSignal: signalName(o.killSignal), echoOut: io[1] === 'inherit', echoErr: io[2] === 'inherit' });
  } catch (e: any) {
    e.message = e.message.replace(/^spawn /, 'spawnSync ');
    e.syscall = e.syscall.replace(/^spawn /, 'spawnSync ');
    return { error: e, status: null, signal: null, output: null, pid: 0, stdout: null, stderr: null };
  }
  const read = (n: 'stdout' | 'stderr', i: number): any => {
    if (io[i] !== 'pipe') return null;
    const b = Buffer.from(h.bytes(n));
    return o.encoding && o.encoding !== 'buffer' ? b.toString(o.encoding) : b;
  };
  const [out, err] = [read('stdout', 1) ?? (io[1] === 'pipe' ? empty : null), read('stderr', 2) ?? (io[2] === 'pipe' ? empty : null)];
  const r: any = { status: h.exit.code, signal: h.exit.signal, output: [null, out, err], pid: h.pid, stdout: out, stderr: err };
  if (h.exit.timedOut) r.error = Object.assign(new Error(`spawnSync ${argv[0]} ETIMEDOUT`), { errno: -110, code: 'ETIMEDOUT', syscall: 'spawnSync ' + argv[0], path: argv[0], spawnargs: argv.slice(1) });
  return r;
}
function orThrow(r: any, cmd: string, o: any): any {
  if (r.error) throw Object.assign(r.error, r, { error: undefined });
  if (stdioOf(o.stdio)[2] === 'pipe' && o.stdio === undefined && r.stderr?.length) __native.print(2, r.stderr.toString());
  if (r.status !== 0) throw Object.assign(new Error(`Command failed: ${cmd}${r.stderr?.length ? '\n' + r.stderr.toString() : ''}`), r);
  return r.stdout;
}
export const execSync = (cmd: string, o: any = {}): any => orThrow(sync(viaShell(cmd, o), o), cmd, o);
export const execFileSync = (file: any, a?: any, b?: any): any => {
  const [f, args, o] = norm(file, a, b);
  return orThrow(sync(vector(f, args, o), o), [f, ...args].join(' '), o);
};
absent(module.exports, 'child_process', ['fork']);
