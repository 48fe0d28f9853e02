import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [
    step('add', async (ctx) => { await ctx.$`chmod +x bin/mytool`; ctx.addPath(`${process.cwd()}/bin`); await ctx.$`mytool`; }),
    step('use', async (ctx) => { await ctx.$`mytool`; }),
  ] })],
});
