import { workflow } from '@kici-dev/sdk';
import { left } from '../lib/left';
export default workflow(left, { jobs: [] });
