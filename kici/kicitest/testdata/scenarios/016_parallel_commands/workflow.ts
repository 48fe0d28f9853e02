import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('s', async ({ $, log }) => {
    const all = await Promise.all([1, 2, 3, 4].map((n) => $`echo n${n}`));
    log.info(all.map((o) => o.stdout.trim()).join(' '));
  })] })],
});
