import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', timeout: 150, cleanup: async () => { console.log('cleaned'); }, steps: [
    step('quick', async () => {}),
    step('slow', async ({ $ }) => { await $`sleep 30`; }),
  ] })],
});
