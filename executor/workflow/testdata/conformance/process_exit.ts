import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('leaves', () => {
          process.exit(3);
        }),
        step('never', () => console.log('not reached')),
      ],
    }),
  ],
});
// expect: failed
// says: process.exit(3)
