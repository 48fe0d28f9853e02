import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      onSuccess: () => { throw new Error('hook broke'); },
      cleanup: () => console.log('still cleaned'),
      steps: [
        step('fine', () => {}),
      ],
    }),
  ],
});
// expect: failed
// says: hook broke
// says: still cleaned
