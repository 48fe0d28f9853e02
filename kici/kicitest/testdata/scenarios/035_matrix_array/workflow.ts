import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('t', { runsOn: 'default', matrix: ['18', '20'], run: async (ctx) => { ctx.log.info(`node ${ctx.matrix!.value}`); } })],
});
