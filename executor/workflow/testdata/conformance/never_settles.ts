import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      cleanup: () => console.log('cleaned'),
      steps: [
        step('waits', () => new Promise(() => {})),
      ],
    }),
  ],
});
// expect: failed
// says: never settle
// says: cleaned
