// kici:shell, the $ of step contexts. It depends on nothing but the primitives
// of std/child, on timers, and (when asked for) on buffer and stream.
import { duration } from './explain';
import { ProcessOutput, ProcessOutputTooLarge } from './output';
import { ProcessPromise } from './promise';
import { build, quote, quotePowerShell } from './quote';
import { check, Settings, type ShellOptions } from './settings';

declare const __native: import('../child/child').Primitives;

export type Shell = {
  (pieces: TemplateStringsArray, ...args: unknown[]): any;
  (options: ShellOptions): Shell;
  sync: Shell;
} & ShellOptions;

function isPromise(x: any): boolean {
  return x !== null && (typeof x === 'object' || typeof x === 'function') && typeof x.then === 'function';
}

/** Whether a value of a template has to be waited for. */
function isDeferred(args: unknown[]): boolean {
  for (const a of args) {
    if (isPromise(a) || (Array.isArray(a) && a.some(isPromise))) return true;
  }
  return false;
}

/** The values of a template, with promises waited for, also inside arrays. */
async function settle(args: unknown[]): Promise<unknown[]> {
  return Promise.all(args.map((a) => (Array.isArray(a) ? Promise.all(a) : a)));
}

function runSync(s: Settings, output: ProcessOutput, text: string): ProcessOutput {
  if (s.verbose && !s.quiet) __native.print(2, '$ ' + text + '\n');
  const input = s.input instanceof ProcessOutput ? s.input.stdout : s.input;
  let cause: any;
  let h: any;
  try {
    h = __native.spawnSync(
      { args: s.argv(text), cwd: s.cwd, env: s.env, stdin: false },
      { input, timeout: s.timeout === undefined ? 0 : duration(s.timeout), killSignal: s.timeoutSignal, echoOut: !s.quiet, echoErr: !s.quiet },
    );
  } catch (e) {
    cause = e;
  }
  ProcessOutput.finish(output, h?.exit ?? { code: cause?.errno ?? null, signal: null, duration: 0, stopped: false }, h, s.delimiter, cause, text);
  if (!output.ok && !s.nothrow) throw output;
  return output;
}

/** Where a $ keeps its options. */
const own = Symbol('options');

/** What every $ has beside being a function; one object for all of them, because a step makes a $ of its own. */
const traits: any = Object.create(Function.prototype, { sync: { get(this: any) { return createShell({ ...this[own], sync: true }); }, configurable: true } });
for (const k of ['cwd', 'env', 'shell', 'prefix', 'postfix', 'quote', 'nothrow', 'quiet', 'verbose', 'timeout', 'timeoutSignal', 'killSignal', 'delimiter', 'preferLocal'] as const) {
  const flag = k === 'nothrow' || k === 'quiet' || k === 'verbose';
  Object.defineProperty(traits, k, {
    get(this: any) { return flag ? !!this[own][k] : k === 'quote' ? (this[own].quote ?? quote) : this[own][k]; },
    set(this: any, v: any) { this[own][k] = v; },
    configurable: true,
  });
}

/** Makes a $ with these options. Its properties are its options; what is set
 * on them holds for the commands that follow. */
export function createShell(defaults: ShellOptions = {}): Shell {
  const options: ShellOptions = { ...check(defaults) };
  const $ = function (pieces: any, ...args: unknown[]): any {
    if (!Array.isArray(pieces)) {
      if (pieces === null || typeof pieces !== 'object') {
        throw new TypeError('$ is used as $`command` or $({ options })`command`');
      }
      return createShell({ ...options, ...pieces });
    }
    if (pieces.includes(undefined)) throw new TypeError('malformed command: the template holds an invalid escape');
    const settings = new Settings({ ...options }, $ as any);
    const output = new ProcessOutput(); // here, because its stack is the author's
    const deferred = isDeferred(args);
    if (settings.sync) {
      if (deferred) throw new TypeError('$.sync cannot wait for promises: await them first');
      return runSync(settings, output, build(settings.quote, pieces, args));
    }
    const text = deferred
      ? settle(args).then((a) => build(settings.quote, pieces, a))
      : build(settings.quote, pieces, args);
    return ProcessPromise.run(settings, output, text);
  } as any;
  Object.defineProperty($, own, { value: options });
  Object.setPrototypeOf($, traits);
  return $;
}

export { ProcessOutput, ProcessOutputTooLarge, ProcessPromise, quote, quotePowerShell };
