import { workflow } from '@kici-dev/sdk';
export default workflow('ci', { jobs: [] });
export const blank = workflow(' ', { jobs: [] });
