import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [async () => Array.from({ length: 101 }, (_, i) => job(`j${i}`, { runsOn: 'default', run: async () => {} }))],
});
