import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      beforeStep: () => console.log('before'),
      afterStep: ({ outcome }) => console.log('after', outcome.status, outcome.reason),
      onSuccess: () => console.log('success'),
      onFailure: ({ outcome }) => console.log('failure', outcome.failedStep, outcome.stepOutputs),
      cleanup: async ({ $, outcome }) => { await $`echo cleanup ${outcome.status}`; },
      steps: [
        step('one', { run: () => ({ a: 1 }), cleanup: () => console.log('one cleanup') }),
        step('two', () => { throw new Error('bad'); }),
      ],
    }),
  ],
});
// expect: failed
// says: failure two
// says: cleanup failed
