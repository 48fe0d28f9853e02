import { job, push, workflow } from '@kici-dev/sdk';

// Evaluated where the author's code runs: undefined leaves the field unset.
export default workflow('ci', {
  on: push(),
  jobs: [
    job('a', {
      runsOn: 'default',
      environment: async (event) => event.sourceBranch as string,
      env: async (event) => ({ GIVEN: 'yes', LEFT: event.sourceBranch as string }),
      run: async ({ $, environment }) => { await $`echo "${String(environment)} $GIVEN \${LEFT-unset}"`; },
    }),
  ],
});
