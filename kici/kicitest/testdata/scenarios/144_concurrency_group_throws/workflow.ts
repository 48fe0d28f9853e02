import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', { on: push(), concurrency: { group: () => { throw new Error('no group'); } }, jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
