import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async ({ $, log }) => { log.info(`ignored ${(await $`test -e build/out`.nothrow()).exitCode} kept ${(await $`test -e keep.txt`.nothrow()).exitCode} private ${(await $`test -e private/x`.nothrow()).exitCode}`); } })],
});
