import { workflow, job, comment } from '@kici-dev/sdk';

export const c = workflow('c', { on: comment({ bodyMatch: /^\/deploy\b/ }), jobs: [job('a', { runsOn: 'default', run: async (ctx) => { ctx.log.info((ctx.rawPayload as { comment: { body: string } }).comment.body); } })] });
