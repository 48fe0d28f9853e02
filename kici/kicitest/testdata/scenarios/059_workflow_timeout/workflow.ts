import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  timeout: 2500,
  jobs: [job('a', { runsOn: 'default', onCancel: async (ctx) => { console.log(`cancelled because ${ctx.outcome.reason}`); }, run: async ({ $ }) => { await $`sleep 30`; } })],
});
