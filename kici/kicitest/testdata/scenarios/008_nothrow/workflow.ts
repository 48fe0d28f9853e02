import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('s', async ({ $, log }) => {
    const r = await $`echo out; echo err >&2; exit 4`.nothrow();
    log.info(`code ${r.exitCode} ok ${r.ok} out ${r.stdout.trim()} err ${r.stderr.trim()}`);
  })] })],
});
