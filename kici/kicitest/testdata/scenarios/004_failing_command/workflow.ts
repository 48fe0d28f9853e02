import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [
    step('breaks', async ({ $ }) => { await $`echo before; exit 3`; }),
    step('never', async ({ $ }) => { await $`echo unreach""able`; }),
  ] })],
});
