import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', environment: 'prod', run: async (ctx) => {
    for (const key of ctx.secrets.list()) ctx.log.info(`${key} ${[...(await ctx.secrets.get(key))].reverse().join('')}`);
    ctx.log.info(`meta ${JSON.stringify(ctx.secrets.getMeta('A') ?? null).includes('dellacdna')}`);
  } })],
});
