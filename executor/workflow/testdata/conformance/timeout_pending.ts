import { job, push, step, workflow } from '@kici-dev/sdk';

let state = 'initial';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      cleanup: async () => {
        console.log('state:', state);
        await new Promise((r) => setTimeout(r, 200));
      },
      steps: [
        step('waits', { timeout: 300, run: async ({ $ }) => {
          state = 'set by the step';
          await $`sleep 30`.nothrow();
          console.log('must not be heard');
        } }),
      ],
    }),
  ],
});
// expect: failed
// says: state: set by the step
