import { job, push, step, workflow, waitFor } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('wait', async ({ log }) => {
          let n = 0;
          const r = await waitFor({ check: async () => (++n < 3 ? null : 'ready'), intervalMs: 10, timeoutMs: 5000 });
          log.info(r.outcome, r.attempts, r.value);
          await waitFor({ name: 'never', check: () => null, intervalMs: 5, timeoutMs: 30, onTimeout: () => 'gave up' }).then((x) => console.log(x.outcome, x.result));
        }),
      ],
    }),
  ],
});
