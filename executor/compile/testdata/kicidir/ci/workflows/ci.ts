import { workflow, job } from '@kici-dev/sdk';
export default workflow('elsewhere', { jobs: [job('j', { run: async () => {} })] });
