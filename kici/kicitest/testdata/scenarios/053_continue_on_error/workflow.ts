import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [
    step('soft', { continueOnError: true, run: async () => { throw new Error('soft failure'); } }),
    step('next', async (ctx) => { ctx.log.info('went on'); }),
  ] })],
});
