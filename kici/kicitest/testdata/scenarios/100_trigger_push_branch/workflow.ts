import { workflow, job, push } from '@kici-dev/sdk';

export const hit = workflow('hit', { on: push({ branches: ['main', 'release/*'] }), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
export const miss = workflow('miss', { on: push({ branches: 'main' }), jobs: [job('b', { runsOn: 'default', run: async () => {} })] });
