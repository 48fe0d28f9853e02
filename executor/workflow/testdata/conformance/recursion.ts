import { job, push, step, workflow } from '@kici-dev/sdk';

function dive(n: number): number {
  return 1 +
    dive(n + 1);
}

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('deep', () => dive(0)),
      ],
    }),
  ],
});
// expect: failed
// says: Maximum call stack
// compare: status (where the stack ends is the engine's business)
