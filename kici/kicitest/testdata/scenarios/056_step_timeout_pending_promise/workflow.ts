import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('waits', { timeout: 100, run: async () => { await new Promise((done) => setTimeout(done, 60000)); } })] })],
});
