import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  onSuccess: async () => { throw new Error('nobody to tell'); },
  cleanup: async () => { console.log('workflow cleanup'); },
  jobs: [job('a', { runsOn: 'default', run: async () => {} })],
});
