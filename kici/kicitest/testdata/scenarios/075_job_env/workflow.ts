import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('static', { runsOn: 'default', env: { GREETING: 'hello', PORT: '80' }, run: async (ctx) => { ctx.log.info((await ctx.$`echo $GREETING $PORT`).stdout.trim()); } }),
    job('inline', { runsOn: 'default', env: (event) => ({ BRANCH: event.targetBranch }), run: async (ctx) => { ctx.log.info(`branch ${ctx.env.BRANCH}`); } }),
    job('impure', { runsOn: 'default', env: async (event) => ({ KIND: await Promise.resolve(event.type) }), run: async (ctx) => { ctx.log.info(`kind ${ctx.env.KIND}`); } }),
  ],
});
