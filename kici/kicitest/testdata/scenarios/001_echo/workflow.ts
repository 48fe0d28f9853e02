import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('greet', { runsOn: 'default', steps: [step('hello', async ({ $ }) => { await $`echo hello`; })] })],
});
