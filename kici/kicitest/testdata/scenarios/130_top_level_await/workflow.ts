import { workflow, job, push } from '@kici-dev/sdk';

const name = await Promise.resolve('awaited');

export default workflow('ci', { on: push(), jobs: [job(name, { runsOn: 'default', run: async (ctx) => { ctx.log.info(ctx.job.name); } })] });
