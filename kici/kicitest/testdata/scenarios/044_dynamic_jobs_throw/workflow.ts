import { workflow, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [async () => { throw new Error('cannot list'); }],
});
