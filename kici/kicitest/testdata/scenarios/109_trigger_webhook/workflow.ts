import { workflow, job, genericWebhook } from '@kici-dev/sdk';

export const stripe = workflow('stripe', { on: genericWebhook({ source: 'stripe' }), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
export const other = workflow('other', { on: genericWebhook({ source: 'github' }), jobs: [job('b', { runsOn: 'default', run: async () => {} })] });
