import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('throws', async () => {
    throw new Error('outer', { cause: new Error('inner reason') });
  })] })],
});
