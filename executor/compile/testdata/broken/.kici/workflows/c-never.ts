import { workflow } from '@kici-dev/sdk';
await new Promise(() => {});
export default workflow('never', { jobs: [] });
