import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('static', { runsOn: 'default', environment: 'prod', run: async (ctx) => { ctx.log.info(`in ${ctx.environment}`); } }),
    job('inline', { runsOn: 'default', environment: (event) => (event.targetBranch === 'main' ? 'prod' : 'dev'), run: async (ctx) => { ctx.log.info(`in ${ctx.environment}`); } }),
    job('none', { runsOn: 'default', run: async (ctx) => { ctx.log.info(`in ${ctx.environment}`); } }),
  ],
});
