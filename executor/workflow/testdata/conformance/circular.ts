import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('loop', () => {
          const a: any = {};
          a.self = a;
          return a;
        }),
      ],
    }),
  ],
});
// expect: failed
// says: JSON
