import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('look', (ctx) => {
          console.log(ctx.workflow, ctx.job, ctx.matrix, ctx.isTestRun, ctx.provider, ctx.rawPayload, ctx.environment);
          console.log(ctx.ctx === ctx, Object.keys(ctx).sort().join());
          ctx.log.warn('warned', 5, [1], new Map());
          ctx.log.error('error');
          ctx.log.debug('hidden');
          ctx.setEnv('KICI_DEBUG', 'true');
          ctx.log.debug('shown');
          try {
            ctx.setEnv('', 'x');
          } catch (e) {
            console.log(e.message);
          }
        }),
      ],
    }),
  ],
});
