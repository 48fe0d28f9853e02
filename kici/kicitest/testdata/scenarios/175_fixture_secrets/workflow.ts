import { job, pr, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: [push({ branches: 'release/*' }), pr()],
  jobs: [job('a', { runsOn: 'default', environment: 'db', run: async (ctx) => {
    ctx.log.info(`${(ctx.rawPayload as { ref: string }).ref} ${[...(await ctx.secrets.get('WORD'))].reverse().join('')}`);
  } })],
});
