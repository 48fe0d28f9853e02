import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [
    step('write', { continueOnError: true, run: async ({ $ }) => { await $`echo "LEFT=behind" >> "$KICI_ENV"; exit 1`; } }),
    step('read', async (ctx) => { ctx.log.info(`found ${ctx.env.LEFT}`); }),
  ] })],
});
