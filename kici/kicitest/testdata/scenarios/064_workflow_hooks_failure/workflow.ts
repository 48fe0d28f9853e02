import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  onSuccess: async () => { console.log('workflow success'); },
  onFailure: async (ctx) => { console.log(`workflow failure ${ctx.outcome.status}`); },
  cleanup: async () => { console.log('workflow cleanup'); },
  jobs: [job('a', { runsOn: 'default', run: async () => { throw new Error('no'); } })],
});
