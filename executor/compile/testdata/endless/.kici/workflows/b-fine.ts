import { workflow, job } from '@kici-dev/sdk';
export default workflow('fine', { jobs: [job('j', { run: async () => {} })] });
