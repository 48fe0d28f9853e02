import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('a', { runsOn: 'default', run: async () => { throw new Error('broken'); } }),
    job('b', { runsOn: 'default', needs: ['a'], run: async () => {} }),
    job('c', { runsOn: 'default', needs: ['b'], run: async () => {} }),
  ],
});
