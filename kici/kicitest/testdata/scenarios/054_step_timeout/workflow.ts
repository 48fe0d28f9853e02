import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('slow', { timeout: 100, run: async ({ $ }) => { await $`sleep 30`; } })] })],
});
