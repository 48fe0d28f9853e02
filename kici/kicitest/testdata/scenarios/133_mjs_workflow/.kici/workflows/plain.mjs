import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('plain', { on: push(), jobs: [job('a', { runsOn: 'default', run: async (ctx) => { ctx.log.info('plain javascript'); } })] });
