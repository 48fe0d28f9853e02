const { job, pr, push, rule, step, tag, workflow, delete: del, ...sdk } = require('@kici-dev/sdk');
const { same, throws } = require('check');
const run = async () => {};
const make = (o) => () => job('j', { runsOn: 'x', run, ...o });

exports.unknownOptionsSuggest = () => {
  const e = throws(() => push({ branch: 'main' }), /^push\(\): unknown option 'branch'; did you mean 'branches'\?$/);
  same([e.name, e.factory, e.problems[0].field, e.problems[0].suggestion], ['DefinitionError', 'push', 'branch', 'branches']);
  throws(() => step('s', { run, retries: 2 }), /unknown option 'retries'/);
  throws(() => workflow('w', { jobs: [], trigger: 1 }), /workflow\('w'\): unknown option 'trigger'/);
};
exports.allProblemsAtOnce = () => {
  const e = throws(make({ timeout: 0, need: [], gracePeriod: -1 }), /3 problems/);
  same(e.problems.map((p) => p.field).sort(), ['gracePeriod', 'need', 'timeout']);
};
exports.badJobs = () => {
  throws(make({ steps: [run] }), /exclude each other/);
  make({ steps: [] })();
  throws(make({ needs: 'build' }), /needs: got 'build', expected an array/);
  throws(make({ needs: [{ name: 'a', ifFailed: 'never' }] }), /needs\[0\]\.ifFailed/);
  throws(make({ matrix: [18] }), /matrix\[0\]: got 18/);
  throws(make({ init: { run: ' ' } }), /init\[0\]\.run/);
  throws(make({ init: [{ run: 'a' }, {}] }), /init\[1\]\.run/);
  throws(make({ resources: { requests: { memory: '4g' }, limits: { memory: '2g' } } }), /above the limit/);
  throws(make({ resources: { memory: '2Gi' } }), /resources\.memory/);
  throws(make({ cache: { key: 'k', paths: [] } }), /cache\.paths/);
  throws(make({ runsOn: [] , env: { A: 1 } }), /env\.A: got 1/);
  throws(make({ steps: [null], run: undefined }), /steps\[0\]/);
  throws(make({ cleanup: {} }), /cleanup: got an object/);
};
exports.jobsWithoutRunsOn = () => same(job({ run }).runsOn, undefined);
exports.badTriggers = () => {
  throws(() => push({ paths: 'src/**' }), /expected an array of strings; write \['src\/\*\*'\]/);
  throws(() => push({ branches: '' }), /branches: got ''/);
  throws(() => push({ branches: ['main', ''] }), /branches\[1\]/);
  throws(() => pr({ events: ['open'] }), /did you mean 'opened'/);
  for (const f of ['webhook', 'kiciEvent', 'genericWebhook', 'schedule', 'lifecycle']) throws(() => sdk[f]({}), new RegExp(`^${f}\\(\\)`));
  throws(() => workflow('w', { on: push, jobs: [] }), /call it, as in push\(\)/);
};
exports.aliases = () => {
  same(pr({ branches: 'main', actions: ['opened'] }), pr({ target: 'main', events: ['opened'] }));
  same(tag({ tags: ['v*'] }), tag({ patterns: ['v*'] }));
  throws(() => pr({ branches: 'a', target: 'b' }), /another name of 'target'/);
};
exports.frozenTriggers = () => {
  const t = push({ branches: ['main', /^r\/\d+$/gi] });
  same([Object.isFrozen(t), Object.isFrozen(t.branches)], [true, true]);
  same(t.branches, [{ type: 'glob', pattern: 'main' }, { type: 'regex', pattern: '^r\\/\\d+$', flags: 'gi' }]);
  same(del({ refTypes: ['branch'] })._tag, 'DeleteTrigger');
};
exports.registries = () => {
  const make = (...registries) => () => workflow('n', { jobs: [], registries });
  const fine = { url: 'https://npm.example', tokenSecret: 'ci:TOKEN' };
  make(fine, { ...fine, scope: '@acme' })();
  throws(make({ ...fine, url: 'npm' }), /workflow\('n'\): registries\[0\]\.url/);
  throws(make({ ...fine, tokenSecret: 'a:b:c' }), /tokenSecret/);
  throws(make({ ...fine, scope: '@my_org' }), /scope/);
  throws(make(fine, fine), /without a scope/);
  throws(make({ ...fine, scope: '@a' }, { ...fine, scope: '@a' }), /has a registry already/);
};
exports.dynamic = () => {
  const fn = async () => [];
  same(sdk.getDynamicJobGroup(sdk.dynamicJob('g', fn)), 'g');
  same(Object.keys(fn), []);
  if (!(throws(() => sdk.dynamicJob('h', fn), /already generates the group 'g'/) instanceof TypeError)) throw new Error('no TypeError');
  same(sdk.isDynamicGroupRef(sdk.dynamicGroup('g', { ifFailed: 'run' })), true);
  same(sdk.isDynamicGroupRef({ group: 'g' }), false);
};
exports.fixtures = () => {
  throws(() => sdk.fixture('a b', { event: push() }), /without spaces/);
  throws(() => sdk.fixture('a', { event: 'push' }), /event/);
  same(Object.isFrozen(sdk.fixture('a', { event: push() }).options), true);
};
exports.zodIsLazy = () => {
  same(sdk.CacheSpecSchema.safeParse({ key: '', paths: [] }).success, false);
  same(sdk.CacheSpecSchema.safeParse({ key: 'k', paths: ['a'] }).success, true);
  same(sdk.defineEvent('e', sdk.z.object({})).name, 'e');
};
