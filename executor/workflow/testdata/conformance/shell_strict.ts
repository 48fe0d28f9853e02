import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('unset', async ({ $ }) => {
          console.log((await $`echo $NOT_SET_AT_ALL`.nothrow().quiet()).exitCode !== 0);
          await $`false | true`;
        }),
      ],
    }),
  ],
});
// expect: failed
