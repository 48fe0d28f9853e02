import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', cleanup: { run: async ({ $ }) => { await $`sleep 30`; }, timeout: 100 }, run: async () => {} })],
});
