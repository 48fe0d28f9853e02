import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', { on: push({ branches: 'main' }), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
