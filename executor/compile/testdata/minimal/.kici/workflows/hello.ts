import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('hello', {
  on: push({ branches: 'main' }),
  jobs: [job('greet', { runsOn: 'default', steps: [step('say', async ({ $ }) => void (await $`echo hello`))] })],
});
