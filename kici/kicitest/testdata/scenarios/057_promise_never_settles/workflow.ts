import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('lost', { timeout: 5000, run: async () => { await new Promise(() => {}); } })] })],
});
