import { workflow, job, release } from '@kici-dev/sdk';

export const rel = workflow('rel', { on: release({ actions: ['published'] }), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
