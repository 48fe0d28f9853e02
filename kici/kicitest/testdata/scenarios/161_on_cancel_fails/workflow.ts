import { job, push, step, workflow } from '@kici-dev/sdk';

// A job that failed beats the cancellation: the run has failed.
export default workflow('ci', {
  on: push(),
  timeout: 4000,
  onCancel: async () => { console.log(['wrong', 'hook'].join(' ')); },
  onFailure: async (ctx) => { console.log(`workflow onFailure ${ctx.outcome.status}`); },
  cleanup: async () => { console.log('workflow cleanup'); },
  jobs: [job('a', { runsOn: 'default',
    onCancel: async () => { throw new Error('connection lost'); },
    cleanup: async () => { console.log('job cleanup'); },
    run: async ({ $ }) => { await $`sleep 30`; },
  })],
});
