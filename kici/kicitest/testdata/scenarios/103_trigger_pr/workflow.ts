import { workflow, job, pr } from '@kici-dev/sdk';

export const opened = workflow('opened', { on: pr({ target: 'main' }), jobs: [job('a', { runsOn: 'default', run: async (ctx) => { ctx.log.info(`pr ${(ctx.rawPayload as { action: string }).action}`); } })] });
export const closed = workflow('closed', { on: pr({ events: ['closed'] }), jobs: [job('b', { runsOn: 'default', run: async () => {} })] });
