import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [async ({ $ }) => {
    const names = (await $`ls packages`).stdout.trim().split('\n');
    return names.map((n) => job(`test-${n}`, { runsOn: 'default', run: async (ctx) => { ctx.log.info(`testing ${n}`); } }));
  }],
});
