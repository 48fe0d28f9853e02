import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('unset', { runsOn: 'default', steps: [step('s', async ({ $ }) => { await $`echo $SURELY_NOT_SET_HERE`; })] }),
    job('pipefail', { runsOn: 'default', steps: [step('s', async ({ $ }) => { await $`false | true`; })] }),
  ],
});
