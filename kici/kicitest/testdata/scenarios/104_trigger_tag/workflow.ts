import { workflow, job, push, tag } from '@kici-dev/sdk';

export const tags = workflow('tags', { on: tag({ patterns: 'v*' }), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
export const both = workflow('both', { on: push({ tags: 'v*' }), jobs: [job('b', { runsOn: 'default', run: async () => {} })] });
export const branch = workflow('branch', { on: push({ branches: '**' }), jobs: [job('c', { runsOn: 'default', run: async () => {} })] });
