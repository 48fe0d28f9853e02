import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async ({ $, log }) => { log.info(`gone ${(await $`test -e gone.txt`.nothrow()).exitCode}`); } })],
});
