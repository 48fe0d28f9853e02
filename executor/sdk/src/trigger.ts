// What every trigger factory does: read the options of one call, build the
// trigger, throw what is wrong, freeze the rest.

import { Check, type Options } from './check';
import { mark } from './step';

export function trigger(factory: string, input: unknown, known: string[], build: (c: Check, o: Options) => Options): any {
  const c = new Check(factory);
  const o = c.options(input ?? {}, [...known, 'description']);
  c.string(o, 'description');
  const fields = build(c, o);
  c.done();
  // Absent options stay absent: the lock writes what the author gave.
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) delete fields[key];
    else if (Array.isArray(value)) Object.freeze(value);
  }
  if (o['description'] !== undefined) fields['description'] = o['description'];
  mark(fields);
  return Object.freeze(fields);
}
