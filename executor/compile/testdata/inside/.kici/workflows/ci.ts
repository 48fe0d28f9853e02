import { workflow, job } from '@kici-dev/sdk';
export default workflow('inside', { jobs: [job('j', { runsOn: 'default', run: async () => {} })] });
