import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('s', async ({ $, log }) => {
    const r = await $`echo whisper`.quiet();
    log.info(`got ${r.stdout.trim()}`);
  })] })],
});
