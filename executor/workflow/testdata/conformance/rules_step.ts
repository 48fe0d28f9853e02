import { job, push, step, workflow, rule } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('no', { rules: [rule('is main', ({ event }) => event.targetBranch === 'main'), rule('never', () => false)], run: () => console.log('not reached') }),
        step('yes', { rules: [rule('shell', async ({ $ }) => (await $`true`).ok)], run: () => console.log('reached') }),
      ],
    }),
  ],
});
// says: reached
