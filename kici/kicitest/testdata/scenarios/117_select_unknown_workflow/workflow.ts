import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('deploy', { on: push(), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
