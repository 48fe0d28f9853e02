import { job, push, step, workflow } from '@kici-dev/sdk';

// The hooks are within the job's time too; cleanup has its own when that is over.
export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', timeout: 3000,
    onSuccess: async ({ $ }) => { await $`sleep 30`; },
    cleanup: async () => { console.log('cleaned'); },
    steps: [step('quick', async () => { console.log('quick'); })],
  })],
});
