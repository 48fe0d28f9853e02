import { workflow } from '@kici-dev/sdk';
export default workflow('a', { jobs: [ );
