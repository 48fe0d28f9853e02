import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async ({ $, log }) => { await $`seq 1 200000`; log.info('survived'); } })],
});
