import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('timer', async () => {
          setTimeout(() => {
            throw new Error('from a timer');
          }, 1);
          await new Promise((r) => setTimeout(r, 300));
        }),
      ],
    }),
  ],
});
// expect: failed
// says: from a timer
