import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default',
    afterStep: async (ctx) => { console.log(`after ${ctx.outcome.status}`); },
    onSuccess: async () => { console.log('hook success'); },
    onFailure: async (ctx) => { console.log(`failed at ${ctx.outcome.failedStep}: ${ctx.outcome.status}`); },
    cleanup: async (ctx) => { console.log(`cleanup ${ctx.outcome.status}`); },
    steps: [step('one', async () => {}), step('two', async () => { throw new Error('broken'); })],
  })],
});
