// workflow(): jobs, and what starts them.

import { Check, pick, tagged, type Options } from './check';
import { checkHooks, checkRules, workflowHooks } from './fields';
import { mark } from './step';
import type { Workflow, WorkflowOptions } from '../sdk';

const known = [
  'on', 'rules', 'jobs', 'description', 'hashFiles', 'registries', 'installEnv', ...workflowHooks, 'concurrency', 'timeout',
  'runtime',
];
const qualified = /^[^:]+:[^:]+$/;
const npmScope = /^@[a-z0-9][a-z0-9-]*$/i;

export function workflow(name: string, options: WorkflowOptions): Workflow {
  const c = new Check('workflow', typeof name === 'string' ? name : undefined);
  if (typeof name !== 'string') c.add('name', name, 'a string');
  const o = c.options(options, known);
  checkWorkflow(c, o);
  c.done();
  const made: Options = { _tag: 'Workflow', name };
  pick(made, o, known);
  if (made['on']) made['on'] = Array.isArray(made['on']) ? [...made['on']] : [made['on']];
  else delete made['on'];
  made['jobs'] = Array.isArray(o['jobs']) ? [...o['jobs']] : []; // a listener may let bad options through
  mark(made);
  return made as unknown as Workflow;
}

function checkWorkflow(c: Check, o: Options): void {
  const on = o['on'];
  if (on) (Array.isArray(on) ? on : [on]).forEach((t, i) => checkTrigger(c, t, Array.isArray(on) ? `on[${i}]` : 'on'));
  if (o['jobs'] === undefined) c.add('jobs', undefined, 'an array of jobs');
  c.each(o, 'jobs', 'jobs', (item, field) => {
    if (typeof item !== 'function' && !tagged(item, 'Job')) c.add(field, item, 'a job made by job() or a function that returns jobs');
  });
  c.string(o, 'description');
  c.strings(o, 'hashFiles');
  checkRules(c, o);
  checkHooks(c, o, workflowHooks);
  checkRegistries(c, o);
  c.strings(o, 'installEnv').forEach((ref, i) => checkQualified(c, ref, `installEnv[${i}]`));
  checkConcurrency(c, o['concurrency']);
  c.positive(o, 'timeout', 'milliseconds');
  const runtime = o['runtime'];
  if (runtime !== undefined && runtime !== 'embedded' && runtime !== 'node') c.add('runtime', runtime, "'embedded' or 'node'");
}

function checkTrigger(c: Check, t: unknown, field: string): void {
  const tag = typeof t === 'object' && t !== null ? (t as Options)['_tag'] : undefined;
  if (typeof tag === 'string' && tag.endsWith('Trigger')) return;
  const hint = typeof t === 'function' ? 'call it, as in push()' : undefined;
  c.add(field, t, 'a trigger such as push() or pr()', hint);
}

function checkQualified(c: Check, ref: unknown, field: string): void {
  if (typeof ref === 'string' && qualified.test(ref)) return;
  c.add(field, ref, "'<environment>:<secret>'");
}

function checkRegistries(c: Check, o: Options): void {
  const scopes = new Set<string>();
  let unscoped = 0;
  c.each(o, 'registries', 'registries', (item, field) => {
    const r = c.options(item, ['url', 'scope', 'tokenSecret', 'alwaysAuth'], field);
    if (typeof item !== 'object' || item === null) return;
    if (!isURL(r['url'])) c.add(`${field}.url`, r['url'], 'an absolute URL');
    checkQualified(c, r['tokenSecret'], `${field}.tokenSecret`);
    const scope = r['scope'];
    if (scope === undefined) {
      if (++unscoped === 2) c.say(field, 'only one registry may stand without a scope');
    } else if (typeof scope !== 'string' || !npmScope.test(scope)) {
      c.add(`${field}.scope`, scope, "an npm scope such as '@acme' (letters, digits, hyphens)");
    } else if (scopes.has(scope)) {
      c.say(`${field}.scope`, `the scope '${scope}' has a registry already`);
    } else {
      scopes.add(scope);
    }
  });
}

function isURL(v: unknown): boolean {
  if (typeof v !== 'string') return false;
  try {
    new URL(v);
    return true;
  } catch {
    return false;
  }
}

function checkConcurrency(c: Check, v: unknown): void {
  if (v === undefined) return;
  const o = c.options(v, ['group', 'cancelInProgress', 'max'], 'concurrency');
  if (typeof v !== 'object' || v === null) return;
  const group = o['group'];
  if (typeof group !== 'function') {
    c.add('concurrency.group', group, 'a function that returns the key', typeof group === 'string' ? `write () => '${group}'` : undefined);
  }
  c.boolean(o, 'cancelInProgress');
  const max = o['max'];
  if (max !== undefined && !(Number.isInteger(max) && (max as number) >= 1)) c.add('concurrency.max', max, 'a whole number from 1');
}
