import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: ['one', 'two'].map((name) => job(name, { runsOn: 'default', steps: [
    step('set', async (ctx) => { ctx.setEnv('WHO', name); await ctx.$`sleep 0.05`; }),
    step('get', async (ctx) => { ctx.log.info(`who ${(await ctx.$`echo $WHO`).stdout.trim()}`); }),
  ] })),
});
