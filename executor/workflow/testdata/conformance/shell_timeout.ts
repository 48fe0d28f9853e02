import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('timeout', async ({ $ }) => {
          const r = await $`sleep 20`.timeout('200ms').nothrow();
          console.log(r.exitCode, r.signal, r.duration < 5000);
          const p = $`sleep 20`.nothrow();
          setTimeout(() => p.kill('SIGKILL'), 50);
          console.log((await p).signal);
          const c = new AbortController();
          setTimeout(() => c.abort(), 50);
          const a = await $({ signal: c.signal, nothrow: true })`sleep 20`;
          console.log(a.signal, a.ok);
        }),
      ],
    }),
  ],
});
// says: null SIGTERM true
