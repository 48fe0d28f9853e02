import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', { on: push({ branches: 'from-payload' }), jobs: [job('a', { runsOn: 'default', run: async (ctx) => { ctx.log.info(`${(ctx.rawPayload as { custom: number }).custom}`); } })] });
