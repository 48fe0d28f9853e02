import { workflow } from '@kici-dev/sdk';
import { need } from '../lib/need';

const token: string = need('TOKEN');
export default workflow(token, { jobs: [] });
