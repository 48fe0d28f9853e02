import { job, push, step, workflow } from '@kici-dev/sdk';

const wrong = async () => { console.log(['wrong', 'hook'].join(' ')); };

export default workflow('ci', {
  on: push(),
  onFailure: async (ctx) => { console.log(`workflow onFailure ${ctx.outcome.status}`); },
  cleanup: async () => { console.log('workflow cleanup'); },
  onCancel: wrong, onSuccess: wrong,
  jobs: [job('a', { runsOn: 'default', timeout: 200, onCancel: wrong, onSuccess: wrong,
    onFailure: async (ctx) => { console.log(`onFailure at ${ctx.outcome.failedStep}`); },
    cleanup: async (ctx) => { console.log(`job cleanup ${ctx.outcome.status}`); },
    steps: [
      step('slow', { run: async ({ $ }) => { await $`sleep 30`; }, onCancel: wrong, cleanup: async (ctx) => { console.log(`step cleanup ${ctx.outcome.status}`); } }),
      step('next', { run: wrong, cleanup: wrong }),
    ],
  })],
});
