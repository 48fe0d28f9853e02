import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  onSuccess: async (ctx) => { console.log(`workflow success ${ctx.outcome.status}`); },
  onFailure: async () => { console.log('workflow failure'); },
  cleanup: async () => { console.log('workflow cleanup'); },
  jobs: [job('a', { runsOn: 'default', cleanup: async () => { console.log('job cleanup'); }, run: async () => {} })],
});
