import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('nothrow', async ({ $ }) => {
          const r = await $`echo e >&2; exit 7`.nothrow().quiet();
          console.log(r.exitCode, r.ok, r.signal, r.stderr, String(r), r.lines());
          const k = await $`kill -9 $$`.nothrow();
          console.log(k.exitCode, k.signal);
          const s = await $({ nothrow: true, quiet: true })`exit 4`;
          return { codes: [r.exitCode, k.exitCode, s.exitCode] };
        }),
      ],
    }),
  ],
});
