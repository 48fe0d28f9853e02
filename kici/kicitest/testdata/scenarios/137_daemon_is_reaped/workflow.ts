import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async ({ $, log }) => { await $`setsid sleep 4321 >/dev/null 2>&1 & echo started`; log.info('done'); } })],
});
