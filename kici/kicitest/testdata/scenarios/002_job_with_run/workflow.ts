import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('greet', { runsOn: 'default', run: async ({ $ }) => { await $`echo from run`; } })],
});
