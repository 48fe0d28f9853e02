import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async (ctx) => {
    try { await ctx.secrets.mountFile({ sources: ['ONE', 'NOPE', 'NADA'] }); } catch (e) { ctx.log.info(`${(e as Error).name}: ${/NOPE/.test((e as Error).message)} ${/NADA/.test((e as Error).message)}`); }
  } })],
});
