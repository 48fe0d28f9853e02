import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async ({ $ }) => { await $`kill -9 $PPID; sleep 5`; } })],
});
