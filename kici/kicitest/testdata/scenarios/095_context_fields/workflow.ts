import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: ['linux', 'big'], run: async (ctx) => {
    ctx.log.info(`${ctx.workflow.name} ${ctx.job.name} ${ctx.job.runsOn} ${ctx.isTestRun} ${ctx.matrix} ${typeof ctx.rawPayload}`);
    ctx.log.info(`${(ctx.rawPayload as { ref: string }).ref}`);
  } })],
});
