import { job, push, workflow } from '@kici-dev/sdk';

// The lock file holds this function, and what it returns must be a string.
export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', environment: (event) => event.sourceBranch as string, run: async ({ log }) => log.info('ran') })],
});
