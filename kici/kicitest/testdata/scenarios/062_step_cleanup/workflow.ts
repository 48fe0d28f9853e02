import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', cleanup: async () => { console.log('job cleanup'); }, steps: [
    step('ok', { run: async () => { console.log('ok ran'); }, cleanup: async (ctx) => { console.log(`cleanup ok ${ctx.outcome.status}`); } }),
    step('bad', { run: async () => { throw new Error('x'); }, cleanup: async (ctx) => { console.log(`cleanup bad ${ctx.outcome.status}`); }, onCancel: async () => { console.log(['not', 'cancelled'].join(' ')); } }),
  ] })],
});
