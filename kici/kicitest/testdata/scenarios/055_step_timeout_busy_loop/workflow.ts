import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', cleanup: async () => { console.log('cleaned'); }, steps: [step('spins', { timeout: 100, run: async () => { for (;;) {} } })] })],
});
