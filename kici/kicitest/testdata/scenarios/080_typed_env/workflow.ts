import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', env: { WHO: 'job' }, run: async (ctx) => { ctx.log.info(`${ctx.env.WHO} ${await ctx.secrets.get('WHO')} ${ctx.env.EXTRA}`); } })],
});
