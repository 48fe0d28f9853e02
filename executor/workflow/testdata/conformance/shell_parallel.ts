import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('parallel', async ({ $ }) => {
          const all = await Promise.all([1, 2, 3, 4].map((n) => $`sleep 0.0${n}; echo ${n}`.quiet()));
          console.log(all.map((o) => o.stdout.trim()).join());
          const settled = await Promise.allSettled([$`exit 1`.quiet(), $`true`.quiet()]);
          console.log(settled.map((s) => s.status));
        }),
      ],
    }),
  ],
});
