import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', onFailure: async () => { throw new Error('hook broke too'); }, run: async () => { throw new Error('the real reason'); } })],
});
