import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job({ runsOn: 'default', steps: [
      async (ctx) => { ctx.log.info('first'); },
      step('named', async (ctx) => { ctx.log.info('second'); }),
      step(async (ctx) => { ctx.log.info('third'); }),
      step({ run: async (ctx) => { ctx.log.info('fourth'); } }),
    ] }),
  ],
});
