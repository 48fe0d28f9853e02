import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async (ctx) => {
    const r = await ctx.emit('deployed', { version: 1 });
    ctx.log.info(`delivery ${typeof r.deliveryId}`);
  } })],
});
