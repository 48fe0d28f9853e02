import { workflow, job, step, push, rule, isEventType } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [
    step('skipped', { rules: [rule('no', () => false)], run: async () => { throw new Error('ran'); } }),
    step('kept', { rules: [rule('event', (ctx) => isEventType(ctx.event, 'push')), rule('shell', async ({ $ }) => (await $`echo yes`).stdout.trim() === 'yes')], run: async (ctx) => { ctx.log.info('kept'); } }),
  ] })],
});
