import { job, push, step, workflow, rule } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      rules: [rule('breaks', () => { throw new Error('rule error'); })],
      steps: [
        step('x', () => {}),
      ],
    }),
  ],
});
// expect: skipped
// says: rule error
