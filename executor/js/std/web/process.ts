// process, as a script in a job may see it: the environment and the output are
// the job's, the machine is real, and nothing here can end the host.

declare const __native: {
  env: { get(k: string): string | undefined; set(k: string, v: string): void; del(k: string): void; keys(): string[] };
  dir: string; platform: string; arch: string; pid: number; ppid: number; execPath: string;
  write(stream: number, text: any): void;
  now(): number;
  hrtime(): string;
  memory(): any;
};
declare function require(name: string): any;
const EventEmitter = require('events');

const env = new Proxy({} as Record<string, string>, {
  get: (_t, k) => (typeof k === 'string' ? __native.env.get(k) : undefined),
  set: (_t, k, v) => { if (typeof k === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string'); __native.env.set(k, String(v)); return true; },
  has: (_t, k) => typeof k === 'string' && __native.env.get(k) !== undefined,
  deleteProperty: (_t, k) => { if (typeof k === 'string') __native.env.del(k); return true; },
  ownKeys: () => __native.env.keys(),
  getOwnPropertyDescriptor(_t, k) {
    const value = typeof k === 'string' ? __native.env.get(k) : undefined;
    return value === undefined ? undefined : { value, writable: true, enumerable: true, configurable: true };
  },
  defineProperty(_t, k, d) { if (typeof k === 'string') __native.env.set(k, String(d.value)); return true; },
});

class ProcessExit extends Error {
  exitCode: number;
  code = 'ERR_PROCESS_EXIT';
  constructor(code: number) {
    super('process.exit(' + code + ') was called; a step ends by returning or throwing');
    this.exitCode = code;
  }
  get name() { return 'ProcessExit'; }
}

function stream(fd: number) {
  const s: any = new EventEmitter();
  s.fd = fd;
  s.isTTY = false;
  s.writable = true;
  s.columns = undefined;
  s.write = (chunk: any, encoding?: any, done?: any) => {
    __native.write(fd, chunk);
    const callback = typeof encoding === 'function' ? encoding : done;
    if (callback) queueMicrotask(() => callback());
    return true;
  };
  s.end = (chunk?: any) => { if (chunk !== undefined && typeof chunk !== 'function') s.write(chunk); return s; };
  s.cork = s.uncork = () => {};
  s.getColorDepth = () => 1;
  s.hasColors = () => false;
  return s;
}

function hrtime(since?: [number, number]): [number, number] {
  const t = BigInt(__native.hrtime());
  let s = Number(t / 1000000000n), n = Number(t % 1000000000n);
  if (since) {
    s -= since[0];
    n -= since[1];
    if (n < 0) { s--; n += 1e9; }
  }
  return [s, n];
}
hrtime.bigint = () => BigInt(__native.hrtime());

const process: any = new EventEmitter();
Object.assign(process, {
  env,
  title: 'kici',
  version: 'v20.0.0',
  versions: { node: '20.0.0', kici: 'embedded' },
  release: { name: 'node' },
  platform: __native.platform,
  arch: __native.arch,
  pid: __native.pid,
  ppid: __native.ppid,
  argv: [__native.execPath, __native.dir],
  argv0: 'kici',
  execArgv: [],
  execPath: __native.execPath,
  exitCode: undefined,
  features: {},
  config: {},
  stdin: Object.assign(new EventEmitter(), { isTTY: false, fd: 0, read: () => null, resume() {}, pause() {}, setEncoding() {} }),
  cwd: () => __native.dir,
  chdir() { throw new Error('process.chdir() is not supported: a job has one working directory; use $({ cwd })'); },
  exit(code?: any) { throw new ProcessExit(Number(code ?? process.exitCode ?? 0)); },
  abort() { throw new ProcessExit(134); },
  nextTick(fn: any, ...args: any[]) {
    if (typeof fn !== 'function') throw new TypeError('The "callback" argument must be of type function');
    queueMicrotask(() => fn(...args));
  },
  hrtime,
  uptime: () => __native.now() / 1000,
  memoryUsage: Object.assign(() => __native.memory(), { rss: () => __native.memory().rss }),
  cpuUsage: () => ({ user: Math.round(__native.now() * 1000), system: 0 }),
  emitWarning(w: any) { __native.write(2, '(kici) ' + (w instanceof Error ? w.name + ': ' + w.message : 'Warning: ' + w) + '\n'); },
  umask: () => 0o22,
});
for (const [name, fd] of [['stdout', 1], ['stderr', 2]] as const) {
  let made: any;
  Object.defineProperty(process, name, { enumerable: true, configurable: true, get: () => (made ??= stream(fd)) });
}
Object.defineProperty(process, Symbol.toStringTag, { value: 'process' });
export = process;
