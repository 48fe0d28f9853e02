// Poll until something is there.

import { makeStep } from './step';
import type { Step, StepContext, WaitForOptions, WaitForResult } from '../sdk';

export class WaitForTimeoutError extends Error {
  override readonly name = 'WaitForTimeoutError';

  constructor(
    readonly stepName: string,
    readonly elapsedMs: number,
    readonly attempts: number,
  ) {
    super(`${stepName}: gave up after ${elapsedMs} ms and ${attempts} attempts`);
  }
}

export async function waitFor<V, S = undefined, T = undefined>(
  options: WaitForOptions<V, S, T>,
): Promise<WaitForResult<V, S, T>> {
  const { name = 'waitFor', intervalMs = 2000, timeoutMs = 60_000, initialDelayMs = 0 } = options;
  const log = options.log ?? ((line: string) => console.log(line));
  const start = Date.now();
  const deadline = start + timeoutMs;
  let attempts = 0;
  if (initialDelayMs > 0) await sleep(initialDelayMs);
  while (Date.now() < deadline) {
    attempts++;
    const value = await attempt(options, `${name}: attempt ${attempts}`, log);
    if (value !== null) {
      const elapsedMs = Date.now() - start;
      log(`${name}: ready after ${elapsedMs} ms and ${attempts} attempts`);
      const result = (options.onSuccess ? await options.onSuccess(value) : undefined) as S;
      return { outcome: 'succeeded', value, elapsedMs, attempts, result };
    }
    await sleep(Math.min(intervalMs, Math.max(0, deadline - Date.now())));
  }
  const elapsedMs = Date.now() - start;
  log(`${name}: timed out after ${elapsedMs} ms and ${attempts} attempts`);
  if (!options.onTimeout) throw new WaitForTimeoutError(name, elapsedMs, attempts);
  return { outcome: 'timed-out', elapsedMs, attempts, result: await options.onTimeout({ elapsedMs, attempts }) };
}

/** One look; null means "not yet", also when the check threw and errors are swallowed. */
async function attempt<V>(o: WaitForOptions<V, any, any>, label: string, log: (line: string) => void): Promise<V | null> {
  try {
    return await o.check();
  } catch (e) {
    if (o.swallowErrors === false) throw e;
    log(`${label} failed: ${e instanceof Error ? e.message : String(e)}`);
    return null;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function waitForStep<V, S = undefined, T = undefined>(
  name: string,
  options: Omit<WaitForOptions<V, S, T>, 'name' | 'log'>,
): Step<WaitForResult<V, S, T>> {
  const run = (ctx: StepContext) => waitFor<V, S, T>({ ...options, name, log: (line) => ctx.log.info(line) });
  return makeStep([name, run]) as Step<WaitForResult<V, S, T>>;
}
