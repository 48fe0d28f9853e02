import { job, push, step, workflow } from '@kici-dev/sdk';

const say = (what: string) => async (ctx: any) => { console.log(`${what} ${ctx.outcome.status}: ${ctx.outcome.reason}`); };
const wrong = async () => { console.log(['wrong', 'hook'].join(' ')); };

export default workflow('ci', {
  on: push(),
  timeout: 4000,
  onCancel: say('workflow onCancel'), cleanup: say('workflow cleanup'), onSuccess: wrong, onFailure: wrong,
  jobs: [job('a', { runsOn: 'default',
    onCancel: say('job onCancel'), cleanup: say('job cleanup'), onSuccess: wrong, onFailure: wrong, afterStep: wrong,
    steps: [
      step('slow', { run: async ({ $ }) => { await $`sleep 30`; }, onCancel: say('step onCancel'), cleanup: say('step cleanup') }),
      step('next', { run: wrong, onCancel: wrong, cleanup: wrong }),
    ],
  })],
});
