import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('bad', { continueOnError: true, run: async ({ $ }) => { await $`exit 1`; } }),
        step('good', () => ({ ok: true })),
      ],
    }),
  ],
});
// says: good success
