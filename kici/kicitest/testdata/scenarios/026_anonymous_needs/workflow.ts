import { workflow, job, push } from '@kici-dev/sdk';

const first = job({ runsOn: 'default', run: async (ctx) => { ctx.log.info('first'); } });

export default workflow('ci', {
  on: push(),
  jobs: [job({ runsOn: 'default', needs: [first], run: async (ctx) => { ctx.log.info('second'); } }), first],
});
