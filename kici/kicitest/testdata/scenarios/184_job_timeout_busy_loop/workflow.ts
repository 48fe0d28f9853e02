import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', timeout: 2000, steps: [step('spins', async ({ $ }) => { await $`echo spinning`; for (;;) {} })] })],
});
