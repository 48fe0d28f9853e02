import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('s', async ({ $, log }) => {
    log.info(`same ${(await $`pwd -P`).stdout.trim() === (await import('node:fs')).realpathSync(process.cwd())}`);
    await $`test -f data.txt`;
    log.info((await $`cat data.txt`).stdout.trim());
  })] })],
});
