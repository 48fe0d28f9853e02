import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('lint', { runsOn: 'default', run: async () => {} }),
    job('test', { runsOn: 'default', needs: ['lint'], run: async () => {} }),
    job('other', { runsOn: 'default', run: async () => {} }),
  ],
});
