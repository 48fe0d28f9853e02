import { job, push, step, workflow, z } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('typed', { outputs: { n: z.number() }, run: async () => ({ n: 'four' }) }),
      ],
    }),
  ],
});
// expect: failed
// says: n
