import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('flood', async ({ $ }) => {
          const r = await $`seq 1 50000`.quiet();
          console.log(r.stdout.length, r.lines().length);
          await $`seq 1 2000`;
        }),
      ],
    }),
  ],
});
