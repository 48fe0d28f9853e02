import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default',
    beforeStep: async () => { console.log('before'); },
    afterStep: async (ctx) => { console.log(`after ${ctx.outcome.status}`); },
    onSuccess: async (ctx) => { console.log(`success ${ctx.outcome.status} ${JSON.stringify(ctx.outcome.stepOutputs)}`); },
    onFailure: async () => { console.log('failure'); },
    onCancel: async () => { console.log('cancel'); },
    cleanup: async (ctx) => { console.log(`cleanup ${typeof ctx.outcome.duration}`); },
    steps: [step('one', async () => { console.log('one'); return { x: 1 }; }), step('two', async () => { console.log('two'); })],
  })],
});
