import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('fails', async ({ $ }) => {
          await $`echo the reason >&2; exit 3`;
        }),
        step('never', () => console.log('not reached')),
      ],
    }),
  ],
});
// expect: failed
// says: exit 3
// says: shell_failure.ts:10
