import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('a', { runsOn: 'default', env: { LANG: 'job', FORCE_COLOR: '0', MINE: 'job' }, steps: [
      step('layers', async (ctx) => {
        await ctx.$`echo "$LANG $FORCE_COLOR $MINE"`;
        ctx.setEnv('MINE', 'set'); ctx.setEnv('LANG', 'set');
        await ctx.$`echo "$LANG $MINE"; echo MINE=file >> "$KICI_ENV"`;
      }),
      step('later', async (ctx) => { ctx.log.info(`${ctx.env.LANG} ${ctx.env.MINE} ${process.env.MINE}`); }),
    ] }),
    job('plain', { runsOn: 'default', run: async (ctx) => { ctx.log.info(`${ctx.env.LANG} ${ctx.env.FORCE_COLOR}`); } }),
  ],
});
