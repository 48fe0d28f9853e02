import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('s', { timeout: 20000, run: async ({ $, log }) => { await $`sleep 4322 & echo started`; log.info('done'); } })] })],
});
