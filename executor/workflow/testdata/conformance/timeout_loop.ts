import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      onFailure: ({ outcome }) => console.log('failed at', outcome.failedStep, JSON.stringify(outcome.stepOutputs)),
      cleanup: ({ $ }) => $`echo cleaned`,
      steps: [
        step('ok', () => ({ kept: 1 })),
        step('spins', { timeout: 300, run: () => { for (;;); }, cleanup: () => console.log('step cleaned') }),
      ],
    }),
  ],
});
// expect: failed
// says: timed out after 300 ms
// says: step cleaned
// says: failed at spins
// says: cleaned
