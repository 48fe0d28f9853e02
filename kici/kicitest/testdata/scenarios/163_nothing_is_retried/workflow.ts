import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('fails', { runsOn: 'default', steps: [
      step('soft', { continueOnError: true, run: async ({ $ }) => { await $`echo x >> tries; exit 1`; } }),
      step('hard', async ({ $ }) => { await $`echo "step tried $(wc -l < tries | tr -d ' ')"; echo x >> "$HOME/tries-$KICI_RUN_ID"; exit 1`; }),
    ] }),
    job('after', { runsOn: 'default', needs: [{ name: 'fails', ifFailed: 'run' }], run: async ({ $ }) => { await $`echo "job tried $(wc -l < "$HOME/tries-$KICI_RUN_ID" | tr -d ' ')"`; } }),
  ],
});
