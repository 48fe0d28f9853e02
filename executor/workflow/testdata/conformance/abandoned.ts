import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('goes on', { timeout: 200, continueOnError: true, run: async ({ $, setEnv }) => {
          await new Promise((r) => setTimeout(r, 400));
          console.log('must not be heard');
          setEnv('LEAK', '1');
          await $`touch leaked`;
        } }),
        step('after', async ({ $ }) => {
          await new Promise((r) => setTimeout(r, 500));
          console.log(process.env.LEAK, (await $`ls`.quiet()).stdout);
        }),
      ],
    }),
  ],
});
// says: undefined
