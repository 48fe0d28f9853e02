import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', { on: push(), concurrency: { group: (ctx) => `deploy-${ctx.branch}`, cancelInProgress: false }, jobs: [job('a', { runsOn: 'default', run: async (ctx) => { ctx.log.info('had its turn'); } })] });
