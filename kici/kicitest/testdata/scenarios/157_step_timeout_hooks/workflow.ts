import { job, push, step, workflow } from '@kici-dev/sdk';

const wrong = async () => { console.log(['wrong', 'hook'].join(' ')); };

export default workflow('ci', {
  on: push(),
  onFailure: async (ctx) => { console.log(`workflow onFailure ${ctx.outcome.status}`); }, cleanup: async () => { console.log('workflow cleanup'); }, onCancel: wrong,
  jobs: [job('a', { runsOn: 'default',
    afterStep: async (ctx) => { console.log(`afterStep ${ctx.outcome.status}`); },
    onFailure: async (ctx) => { console.log(`onFailure at ${ctx.outcome.failedStep}`); },
    cleanup: async () => { console.log('job cleanup'); }, onCancel: wrong, onSuccess: wrong,
    steps: [step('slow', { timeout: 100, run: async ({ $ }) => { await $`sleep 30`; }, cleanup: async (ctx) => { console.log(`step cleanup ${ctx.outcome.status}`); }, onCancel: wrong })],
  })],
});
