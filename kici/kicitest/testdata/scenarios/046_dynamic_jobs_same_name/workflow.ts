import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [async () => ['x', 'x'].map((n) => job(n, { runsOn: 'default', run: async () => {} }))],
});
