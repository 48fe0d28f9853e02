const { job, push, pr, step, workflow, dynamicJob, dynamicGroup, ...sdk } = require('@kici-dev/sdk');
const internal = require('@kici-dev/sdk/internal');
const { same, throws, rejects } = require('check');
const run = async () => {};

exports.discovery = () => {
  const [a, b, c] = ['a', 'b', 'c'].map((n) => workflow(n, { jobs: [] }));
  const found = (ns) => internal.discoverWorkflows(ns).map((f) => `${f.export}=${f.workflow.name}`);
  same(found({ z1: a, a1: b, default: [1, c, null, a] }), ['#default[1]=c', '#default[3]=a', '#a1=b', '#z1=a']);
  same(found({ default: a, x: 3, y: undefined }), ['#default=a']);
};
exports.names = () => {
  const nameless = job({ run });
  const w = workflow('w', { jobs: [job('a', { run, needs: [nameless, nameless.name, 'b'] }), async () => [], nameless, job({ steps: [run, step('x', run), step(run)] })] });
  same(internal.jobNames(w), ['a', '', 'job-1', 'job-2']);
  same(internal.stepNames(w.jobs[3]), ['step-1', 'x', 'step-2']);
  same(internal.lockNeeds(internal.normalNeeds(w.jobs[0], internal.jobNamer(w))), ['job-1', 'job-1', 'b']);
};
exports.needs = () => {
  const j = job('j', { run, needs: [{ name: 'a' }, { name: 'a', ifFailed: 'run' }, dynamicGroup('g'), { group: 'h', ifFailed: 'run' }] });
  const w = workflow('w', { jobs: [j] });
  same(internal.lockNeeds(internal.normalNeeds(j, internal.jobNamer(w))), ['a', { name: 'a', ifFailed: 'run' }, { group: 'g', ifFailed: 'skip' }, { group: 'h', ifFailed: 'run' }]);
};
exports.triggers = () => {
  const lock = (...on) => internal.lockTriggers(workflow('w', { on, jobs: [] }));
  const glob = (pattern) => ({ type: 'glob', pattern });
  same(lock(push({ tags: 'v*', repos: 'o/*' })), [{ _type: 'tag', patterns: [glob('v*')], repos: [glob('o/*')] }]);
  same(lock(push({ tags: 'v*', branches: 'main' })).map((t) => t._type), ['push', 'tag']);
  same(lock(sdk.schedule({ cron: '* * * * *' })), [{ _type: 'schedule', cronExpression: '* * * * *', timezone: 'UTC' }]);
  same(lock(sdk.kiciEvent({ name: 'e', source: 's', match: { $: 1 } })), [{ _type: 'kici_event', eventName: 'e', match: { $: 1 }, source: 's' }]);
  same(lock(sdk.genericWebhook({ source: 's', auth: { method: 'api-key', secret: 'k', header: '' } }))[0].auth, { method: 'api-key', secret: 'k' });
  same(lock(pr({ description: 'x' }))[0].description, undefined);
};
exports.matrix = () => {
  const { instances, expandMatrix } = internal;
  same(instances('m', { os: ['linux'], node: ['18', '20'] }).map((i) => i.name), ['m (18, linux)', 'm (20, linux)']);
  same(instances('m', ['a'], undefined, [{ value: 'a' }]), []);
  same([expandMatrix({}), expandMatrix({ a: ['1'], b: [] })], [[], []]);
  same(sdk.applyIncludeExclude([{ a: '1' }], [{ a: '1' }, { a: '2' }, {}], [{}]), [{ a: '1' }, { a: '2' }]);
};
exports.results = async () => {
  const [s, other] = [step(run), step(run)];
  const scope = internal.createJobScope();
  internal.enterScope(scope);
  throws(() => s.result.x, /this step has no outputs so far/);
  same([await s.result === undefined, 'x' in s.result, JSON.stringify(s.result)], [false, false, '{}']);
  scope.setStep(s, { x: 1, length: 2 });
  scope.setStep(other, 0);
  same([s.result.x, s.result.length, s.result.then, s.result.absent, { ...s.result }], [1, 2, undefined, undefined, { x: 1, length: 2 }]);
  same([scope.step(other), other.result + 1], [0, 1]);
  throws(() => { 'use strict'; s.result.x = 2; }, /read-only/);
  scope.setStep(run, [5, 6]);
  same(scope.step(run), [5, 6]);
  throws(() => scope.step(() => 1), /not a step of this job/);
  const j = job({ run });
  scope.nameJob(j, 'job-1');
  throws(() => j.result.x, /job 'job-1' has no outputs/);
  scope.setJobMissing('job-1', 'it was skipped');
  throws(() => j.result.x, /it was skipped/);
  scope.setJob('job-1', internal.mergeMatrix({ b: { v: 2 }, a: { v: 1 } }));
  same([j.result.merged.v, sdk.isMatrixJobOutputs(scope.job(j))], [2, true]);
  internal.enterScope(undefined);
  throws(() => s.result.x, /no outputs/);
};
exports.outputs = async () => {
  const { z } = sdk;
  const schema = { n: z.number(), s: z.string().optional() };
  same(await internal.parseOutputs(schema, { n: 1, extra: 2 }, 'x'), { n: 1 });
  const e = await rejects(internal.parseOutputs(schema, { n: 'a' }, 'x'), /step 'x'/);
  same(e.issues[0].path, 'n');
  await rejects(internal.parseOutputs(schema, undefined, 'x'), /expected an object/);
};
exports.rules = async () => {
  const { rule, skip, evaluateRules } = sdk;
  const seen = [];
  const all = await evaluateRules([rule('a'), skip('b', () => true), rule('c')], {}, 'l', (r) => seen.push(r.label));
  same([all.allPassed, seen], [false, ['a', 'b']]);
  const thrown = await evaluateRules([skip('t', () => { throw new Error('boom'); })], {}, 'l');
  same([thrown.allPassed, thrown.results[0].error], [false, 'boom']);
};
exports.dag = () => {
  const dag = (o) => sdk.validateDag(Object.entries(o).map(([id, needs]) => ({ id, needs })));
  same(dag({ c: ['b'], b: ['a'], a: [] }).sortedOrder, ['a', 'b', 'c']);
  same(dag({ a: ['a', 'x'] }).error, 'self-reference');
  same(dag({ a: ['x'] }).missingDep, 'x');
  same(dag({ a: ['b'], b: ['a'], c: [] }).nodesInCycle, ['a', 'b']);
  same(dag({ a: [], b: ['a', 'a'] }).valid, true);
};
exports.secrets = async () => {
  const files = [];
  const env = { OLD: 'was' };
  const wiring = { writeFile: async (name, content, mode) => (files.push([name, content, mode]), '/tmp/x/' + name), dispose: () => { throw new Error('gone'); } };
  const { secrets, dispose } = sdk.createStepSecrets({ A: '1', B: '2' }, env, {}, wiring);
  same([secrets.has('toString'), secrets.has('A'), secrets.list()], [false, true, ['A', 'B']]);
  const e = await rejects(secrets.get('C'), /not found: C; available: A, B/);
  same([e.key, e.availableKeys], ['C', ['A', 'B']]);
  await secrets.expose('A');
  same(await secrets.exposeFile('OLD', { sources: ['A', 'B'], divider: '-', name: '../../etc/passwd' }), { path: '/tmp/x/passwd' });
  await secrets.mountFile({ sources: ['A'], name: '..' });
  await secrets.mountFile({ sources: ['A'], name: 'passwd' });
  same(files.map((f) => f[0]), ['passwd', 'secret-2', 'passwd-2']);
  same([files[0][1], files[0][2], env], ['1-2', 0o600, { OLD: '/tmp/x/passwd', A: '1' }]);
  await rejects(secrets.mountFile({ sources: ['X', 'A', 'Y'] }), /X, Y/);
  await rejects(secrets.mountFile({ sources: [] }), /at least one/);
  await dispose();
  same(env, { OLD: 'was' });
};
exports.helpers = async () => {
  const lines = [];
  const log = (l) => lines.push(l);
  same(await sdk.idempotent({ check: async () => null, apply: run, whenInSync: async () => 7, log }), { outcome: 'skipped', drift: null, result: 7 });
  same((await sdk.idempotent({ check: async () => undefined, apply: async () => 1, log })).outcome, 'applied');
  let n = 0;
  const done = await sdk.waitFor({ check: async () => (++n < 3 ? null : 'v'), intervalMs: 1, onSuccess: async (v) => v + '!', log });
  same([done.outcome, done.attempts, done.result], ['succeeded', 3, 'v!']);
  const e = await rejects(sdk.waitFor({ name: 'w', check: async () => null, timeoutMs: 0, log }), /w: gave up/);
  same([e.name, e.attempts], ['WaitForTimeoutError', 0]);
  await rejects(sdk.waitFor({ check: async () => { throw new Error('at once'); }, swallowErrors: false, log }), /at once/);
};
