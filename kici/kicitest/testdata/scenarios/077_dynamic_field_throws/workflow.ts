import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', environment: async () => { throw new Error('no environment today'); }, run: async () => {} })],
});
