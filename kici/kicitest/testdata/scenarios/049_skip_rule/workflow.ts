import { workflow, job, push, skip } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('a', { runsOn: 'default', rules: [skip('docs only', async () => true)], run: async () => {} }),
    job('b', { runsOn: 'default', rules: [skip('not today', () => false)], run: async () => {} }),
  ],
});
