import { workflow, job, push, kiciEvent } from '@kici-dev/sdk';

export const producer = workflow('producer', { on: push(), jobs: [job('make', { runsOn: 'default', run: async (ctx) => { await ctx.emit('built', { version: '3' }); } })] });
export const consumer = workflow('consumer', { on: kiciEvent({ name: 'built', match: { '$.version': '3' } }), jobs: [job('use', { runsOn: 'default', run: async (ctx) => { ctx.log.info('heard it'); } })] });
export const deaf = workflow('deaf', { on: kiciEvent({ name: 'built', match: { '$.version': '4' } }), jobs: [job('no', { runsOn: 'default', run: async () => {} })] });
