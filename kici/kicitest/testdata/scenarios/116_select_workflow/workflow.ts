import { workflow, job, push } from '@kici-dev/sdk';

export const one = workflow('one', { on: push(), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
export const two = workflow('two', { on: push(), jobs: [job('b', { runsOn: 'default', run: async () => {} })] });
