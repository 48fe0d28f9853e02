import { workflow, job, step, push } from '@kici-dev/sdk';

const build = step('build', async () => ({ v: 3 }));

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [build], onSuccess: async (ctx) => {
    console.log(`${ctx.outputsOf(build).v} ${ctx.job.name} ${(await ctx.$`echo shell`).stdout.trim()}`);
  } })],
});
