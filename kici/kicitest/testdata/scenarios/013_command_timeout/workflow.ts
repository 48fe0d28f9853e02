import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('s', async ({ $, log }) => {
    const r = await $`sleep 30`.timeout('50ms').nothrow();
    log.info(`signal ${r.signal} code ${r.exitCode}`);
  })] })],
});
