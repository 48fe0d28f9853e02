import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('forgets', async () => {
          Promise.reject(new Error('nobody listens'));
          await new Promise((r) => setTimeout(r, 200));
          console.log('not reached');
        }),
      ],
    }),
  ],
});
// expect: failed
// says: nobody listens
