import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('starts', async ({ $ }) => {
          await $`(sleep 60; echo late) > /dev/null 2>&1 &`;
          $`sleep 60`.nothrow();
        }),
        step('goes on', () => console.log('on')),
      ],
    }),
  ],
});
