// Check, then apply only what is missing.

import { makeStep } from './step';
import type { IdempotentOptions, IdempotentResult, Step, StepContext } from '../sdk';

export async function idempotent<D, S = undefined, A = unknown>(
  options: IdempotentOptions<D, S, A>,
): Promise<IdempotentResult<D, S, A>> {
  const { name = 'idempotent', log = (line: string) => console.log(line) } = options;
  const drift = await options.check();
  if (drift === null) {
    log(`${name}: in sync, skipping`);
    const result = (options.whenInSync ? await options.whenInSync() : undefined) as S;
    return { outcome: 'skipped', drift: null, result };
  }
  log(`${name}: drift found, applying`);
  const text = options.summarize ? options.summarize(drift) : dump(drift);
  for (const line of text.split('\n')) log(`    ${line}`);
  const result = await options.apply(drift);
  log(`${name}: applied`);
  return { outcome: 'applied', drift, result };
}

/** JSON where there is any; undefined, functions and cycles have none. */
function dump(drift: unknown): string {
  try {
    return JSON.stringify(drift, null, 2) ?? String(drift);
  } catch {
    return String(drift);
  }
}

export function idempotentStep<D, S = undefined, A = unknown>(
  name: string,
  options: Omit<IdempotentOptions<D, S, A>, 'name' | 'log'>,
): Step<IdempotentResult<D, S, A>> {
  const run = (ctx: StepContext) => idempotent<D, S, A>({ ...options, name, log: (line) => ctx.log.info(line) });
  return makeStep([name, run]) as Step<IdempotentResult<D, S, A>>;
}
