import { workflow, job, push } from '@kici-dev/sdk';

export const hit = workflow('hit', { on: push({ paths: ['src/**', '!src/docs/**'] }), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
export const miss = workflow('miss', { on: push({ paths: ['docs/**'] }), jobs: [job('b', { runsOn: 'default', run: async () => {} })] });
