import { job, push, step, workflow } from '@kici-dev/sdk';

let path = '';
const takes = async (ctx: any) => {
  await ctx.secrets.expose('TOKEN');
  path = await ctx.secrets.exposeFile('KEY_FILE', { sources: ['TOKEN'] }).then(() => process.env.KEY_FILE!);
  await ctx.$`test -f ${path}`;
};
const left = async (ctx: any) => { ctx.log.info(`left ${(await ctx.$`test -e ${path}`.nothrow()).exitCode} ${process.env.TOKEN} ${process.env.KEY_FILE}`); };

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [
    step('throws', { continueOnError: true, run: async (ctx) => { await takes(ctx); throw new Error('broken'); } }),
    step('after throws', left),
    step('times out', { continueOnError: true, timeout: 2000, run: async (ctx) => { await takes(ctx); await ctx.$`sleep 30`; } }),
    step('after times out', left),
  ] })],
});
