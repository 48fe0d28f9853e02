import { workflow } from '@kici-dev/sdk';
for (;;) {}
export default workflow('loop', { jobs: [] });
