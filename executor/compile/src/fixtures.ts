// Reads the fixtures of a test file into plain JSON.

import { discoverFixtures, DefinitionError, lockTrigger } from '@kici-dev/sdk/internal';
import { fixture as define } from '@kici-dev/sdk';
import { type Bag, pick, siteOf } from './common';

/** Every fixture with its options; options that are a function are asked once, here. */
export async function describeFixtures(namespace: Bag): Promise<Bag[]> {
  const out: Bag[] = [];
  for (const found of discoverFixtures(namespace) as Bag[]) {
    const { id, options } = found.fixture;
    const about = { export: found.export, id, at: siteOf(found.fixture) };
    try {
      out.push({ ...about, ...settled(id, typeof options === 'function' ? await options() : options) });
    } catch (error) {
      out.push({ ...about, problem: explain(error) });
    }
  }
  return out;
}

/** Options that a function returned have not been checked by the factory yet. */
function settled(id: string, options: unknown): Bag {
  const reported: unknown[] = [];
  const key = Symbol.for('kici:problems');
  const before = (globalThis as any)[key];
  (globalThis as any)[key] = (problem: unknown) => reported.push(problem);
  try {
    define(id, options as any);
  } finally {
    (globalThis as any)[key] = before;
  }
  if (reported.length > 0) throw reported[0];
  const o = options as Bag;
  return { event: lockTrigger(o.event), ...pick(o, 'branch', 'sha', 'repo', 'pr', 'secrets', 'workflowName') };
}

function explain(error: unknown): string {
  if (error instanceof DefinitionError) return (error as any).problems.map((p: Bag) => p.message).join('; ');
  return error instanceof Error ? `its options threw ${error.name}: ${error.message}` : `its options threw ${String(error)}`;
}
