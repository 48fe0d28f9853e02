import { workflow, job } from '@kici-dev/sdk';
const stage = process.env.STAGE;
export default workflow(`mjs-${stage}`, { jobs: [job('j', { runsOn: 'default', run: async () => {} })] });
