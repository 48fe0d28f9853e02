import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', checkout: false, run: async ({ $, log }) => { log.info(`files ${(await $`ls -A | wc -l`).stdout.trim()}`); } })],
});
