import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [
    step('exposes', async (ctx) => { await ctx.secrets.expose('TOKEN'); ctx.log.info(`length ${(await ctx.$`printf %s "$TOKEN" | wc -c`).stdout.trim()}`); }),
    step('later', async (ctx) => { ctx.log.info(`gone ${process.env.TOKEN}`); }),
  ] })],
});
