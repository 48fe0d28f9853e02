// job(): steps that run one after the other on one agent.

import { Check, join, pick, tagged, type Options } from './check';
import { isDynamicGroupRef } from './dynamic';
import { checkCache, checkCacheSpec, checkHooks, checkRules, jobHooks } from './fields';
import { laterJobResult } from './outputs';
import { checkResources } from './resources';
import { hide, mark } from './step';
import type { Job } from '../sdk';

const known = [
  'runsOn', 'steps', 'run', 'needs', 'rules', 'description', 'matrix', 'include', 'exclude', 'checkout', 'cache',
  'container', 'environment', 'env', 'concurrencyGroup', ...jobHooks, 'gracePeriod', 'timeout', 'resources', 'init',
];

const kept = known.filter((key) => key !== 'run');

export const job = ((...args: unknown[]): Job<any> => {
  const named = typeof args[0] === 'string';
  const name = named ? (args[0] as string) : anonymousName();
  const c = new Check('job', named ? name : undefined);
  const o = c.options(named ? args[1] : args[0], known);
  checkJob(c, o);
  c.done();
  return build(name, o);
}) as typeof import('../sdk').job;

/** A UUID marks the job as nameless; the compiler counts those as job-1, job-2, … */
function anonymousName(): string {
  return 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => Math.floor(Math.random() * 16).toString(16));
}

function build(name: string, o: Options): Job<any> {
  const made: Options = { _tag: 'Job', name };
  pick(made, o, kept);
  made['steps'] = o['run'] !== undefined ? [o['run']] : list(o['steps']);
  made['needs'] = list(o['needs']);
  const self = made as unknown as Job<any>;
  Object.defineProperty(made, 'result', laterJobResult);
  mark(made);
  return self;
}

/** A copy; nothing for what is no list, which a listener may have let through. */
function list(v: unknown): unknown[] {
  return Array.isArray(v) ? [...v] : [];
}

function checkJob(c: Check, o: Options): void {
  checkBody(c, o);
  checkRunsOn(c, o['runsOn']);
  c.each(o, 'needs', 'jobs or job names', (item, field) => checkNeed(c, item, field));
  c.string(o, 'description');
  checkMatrix(c, o);
  c.boolean(o, 'checkout');
  checkContainer(c, o['container']);
  checkDynamic(c, o);
  checkRules(c, o);
  checkCache(c, o);
  checkHooks(c, o, jobHooks);
  checkGrace(c, o['gracePeriod']);
  c.positive(o, 'timeout', 'milliseconds');
  checkResources(c, o['resources']);
  checkInit(c, o['init']);
}

function checkBody(c: Check, o: Options): void {
  c.func(o, 'run');
  c.each(o, 'steps', 'steps', (item, field) => {
    if (typeof item !== 'function' && !tagged(item, 'Step')) c.add(field, item, 'a function or a step made by step()');
  });
  const many = Array.isArray(o['steps']) && o['steps'].length > 0;
  if (o['run'] !== undefined && many) c.say('run', "'run' and 'steps' exclude each other; keep one of them");
}

function checkRunsOn(c: Check, v: unknown, field = 'runsOn'): void {
  if (v === undefined) return; // label `default`; the compiler warns
  if (typeof v === 'string' || Array.isArray(v)) return checkLabels(c, v, field);
  const o = c.options(v, ['labels', 'exclude'], field);
  if (typeof v !== 'object' || v === null) return;
  checkLabels(c, o['labels'], `${field}.labels`);
  if (o['exclude'] !== undefined) checkLabels(c, o['exclude'], `${field}.exclude`);
}

function checkLabels(c: Check, v: unknown, field: string): void {
  if (Array.isArray(v)) return v.forEach((label, i) => checkLabel(c, label, `${field}[${i}]`));
  checkLabel(c, v, field);
}

function checkLabel(c: Check, v: unknown, field: string): void {
  if (typeof v !== 'string' || v.trim() === '') c.add(field, v, 'a label (a non-empty string)');
}

function checkNeed(c: Check, item: unknown, field: string): void {
  if (tagged(item, 'Job') || isDynamicGroupRef(item)) return checkPolicy(c, item as Options, field);
  if (typeof item === 'string') {
    if (item === '') c.add(field, item, 'the name of a job');
    return;
  }
  const expected = "a job, its name, { name, ifFailed }, or dynamicGroup('…')";
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return c.add(field, item, expected);
  const key = 'group' in item ? 'group' : 'name';
  const o = c.options(item, [key, 'ifFailed'], field);
  if (typeof o[key] !== 'string' || o[key] === '') return c.add(field, item, expected);
  checkPolicy(c, o, field);
}

function checkPolicy(c: Check, o: Options, field: string): void {
  if (o['_tag'] !== undefined || o['ifFailed'] === undefined) return;
  c.member(join(field, 'ifFailed'), o['ifFailed'], ['skip', 'run']);
}

function checkMatrix(c: Check, o: Options): void {
  const m = o['matrix'];
  if (Array.isArray(m)) c.strings(o, 'matrix');
  else if (typeof m === 'object' && m !== null) {
    for (const key of Object.keys(m)) c.strings(m as Options, key, `matrix.${key}`);
  } else if (m !== undefined && typeof m !== 'function') {
    c.add('matrix', m, 'an array of strings, an object of such arrays, or a function');
  }
  const combination = (item: unknown, field: string): void => c.stringMap(item, field);
  c.each(o, 'include', 'combinations', combination);
  c.each(o, 'exclude', 'combinations', combination);
}

function checkContainer(c: Check, v: unknown): void {
  if (v === undefined) return;
  if (typeof v === 'string') {
    if (v === '') c.add('container', v, 'an image name');
    return;
  }
  const o = c.options(v, ['image', 'env'], 'container');
  if (typeof v !== 'object' || v === null) return;
  if (typeof o['image'] !== 'string' || o['image'] === '') c.add('container.image', o['image'], 'an image name');
  if (o['env'] !== undefined) c.stringMap(o['env'], 'container.env');
}

function checkDynamic(c: Check, o: Options): void {
  for (const key of ['environment', 'concurrencyGroup']) {
    if (typeof o[key] !== 'function') c.string(o, key);
    if (o[key] === '') c.add(key, '', 'a non-empty string or a function of the event');
  }
  if (o['env'] !== undefined && typeof o['env'] !== 'function') c.stringMap(o['env'], 'env');
}

function checkGrace(c: Check, v: unknown): void {
  if (v === undefined || (typeof v === 'number' && Number.isFinite(v) && v >= 0)) return;
  c.add('gracePeriod', v, 'a number of seconds');
}

function checkInit(c: Check, v: unknown): void {
  if (v === undefined || v === false) return;
  (Array.isArray(v) ? v : [v]).forEach((item, i) => checkInitItem(c, item, `init[${i}]`));
}

function checkInitItem(c: Check, item: unknown, field: string): void {
  const o = c.options(item, ['run', 'shell', 'cache', 'timeout', 'env'], field);
  if (typeof item !== 'object' || item === null) return;
  if (typeof o['run'] !== 'string' || o['run'].trim() === '') c.add(join(field, 'run'), o['run'], 'a command');
  if (o['shell'] !== undefined && typeof o['shell'] !== 'string') c.add(join(field, 'shell'), o['shell'], 'a shell name');
  if (o['cache'] !== undefined) checkCacheSpec(c, o['cache'], join(field, 'cache'));
  c.positive(o, 'timeout', 'milliseconds', join(field, 'timeout'));
  if (o['env'] !== undefined) c.stringMap(o['env'], join(field, 'env'));
}
