import { workflow } from '@kici-dev/sdk';
const f = (): number => 1 + f();
export default workflow(String(f()), { jobs: [] });
