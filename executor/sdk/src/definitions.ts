// Small definitions: custom events, test fixtures, cache specs.

import { Check, type Options } from './check';
import type { CacheInput, CacheSpec, EventDefinition, Fixture, FixtureOptions } from '../sdk';

export function defineEvent<T>(name: string, schema: T): EventDefinition<T> {
  const c = new Check('defineEvent', typeof name === 'string' ? name : undefined);
  if (typeof name !== 'string' || name.trim() === '') c.add('name', name, 'a non-empty string');
  if (typeof (schema as any)?.parse !== 'function') c.add('schema', schema, 'a zod type');
  c.done();
  return Object.freeze({ _tag: 'EventDefinition' as const, name, schema });
}

const fixtureKeys = ['event', 'branch', 'sha', 'repo', 'pr', 'secrets', 'workflowName'];

export function fixture(id: string, options: FixtureOptions | (() => FixtureOptions | Promise<FixtureOptions>)): Fixture {
  const c = new Check('fixture', typeof id === 'string' ? id : undefined);
  if (typeof id !== 'string' || id === '' || /\s/.test(id)) c.add('id', id, 'a name without spaces');
  if (typeof options !== 'function') checkFixture(c, options);
  c.done();
  const frozen = typeof options === 'function' ? options : Object.freeze({ ...options });
  return Object.freeze({ _tag: 'Fixture' as const, id, options: frozen });
}

function checkFixture(c: Check, options: unknown): void {
  const o = c.options(options, fixtureKeys);
  const tag = (o['event'] as Options | undefined)?.['_tag'];
  if (typeof tag !== 'string' || !tag.endsWith('Trigger')) c.add('event', o['event'], 'a trigger such as push()');
  for (const key of ['branch', 'sha', 'repo', 'workflowName']) c.string(o, key);
  if (o['pr'] !== undefined && !Number.isInteger(o['pr'])) c.add('pr', o['pr'], 'a pull request number');
  if (o['secrets'] !== undefined) c.stringMap(o['secrets'], 'secrets');
}

/** One cache spec, several, or none, as a list. */
export function normalizeCacheSpecs(input?: CacheInput): CacheSpec[] {
  if (input === undefined) return [];
  return Array.isArray(input) ? [...input] : [input];
}

/** The zod type of a cache spec; made on first use, because zod is large. */
export function cacheSpecSchema(z: any): any {
  return z.object({
    key: z.string().min(1),
    paths: z.array(z.string().min(1)).min(1),
    restoreKeys: z.array(z.string().min(1)).optional(),
  });
}
