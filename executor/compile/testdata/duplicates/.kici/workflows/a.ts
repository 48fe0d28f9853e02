import { workflow, job } from '@kici-dev/sdk';
const ci = workflow('ci', { jobs: [job('j', { runsOn: 'default', run: async () => {} }), job('j', { runsOn: 'default', run: async () => {} })] });
export default ci;
export { ci };
