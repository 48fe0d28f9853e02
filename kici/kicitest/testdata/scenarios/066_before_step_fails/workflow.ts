import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', beforeStep: async () => { throw new Error('not ready'); }, cleanup: async () => { console.log('cleanup anyway'); }, run: async () => {} })],
});
