import { job, push, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', concurrencyGroup: (event) => event.sourceBranch as string, run: async () => {} })],
});
