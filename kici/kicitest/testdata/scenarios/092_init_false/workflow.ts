import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', init: false, run: async (ctx) => { ctx.log.info('ran'); } })],
});
