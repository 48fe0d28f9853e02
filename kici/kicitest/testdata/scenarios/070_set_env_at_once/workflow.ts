import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [
    step('set', async (ctx) => { ctx.setEnv('COLOUR', 'blue'); ctx.log.info(`now ${(await ctx.$`echo $COLOUR`).stdout.trim()} ${ctx.env.COLOUR} ${process.env.COLOUR}`); }),
    step('use', async (ctx) => { ctx.log.info(`later ${(await ctx.$`echo $COLOUR`).stdout.trim()} ${ctx.env.COLOUR}`); }),
  ] }), job('b', { runsOn: 'default', needs: ['a'], run: async (ctx) => { ctx.log.info(`other job ${ctx.env.COLOUR}`); } })],
});
