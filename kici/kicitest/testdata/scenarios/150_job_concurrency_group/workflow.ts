import { dynamicJob, job, push, workflow } from '@kici-dev/sdk';

// mkdir fails when another job has made the folder: only one may be in there.
const alone = async ({ $ }: any) => void (await $`mkdir turn && sleep 0.05 && rmdir turn`);

export default workflow('ci', {
  on: push(),
  jobs: [
    job('literal', { runsOn: 'default', concurrencyGroup: 'db-main', run: alone }),
    job('pure', { runsOn: 'default', concurrencyGroup: (event) => `db-${event.targetBranch}`, run: alone }),
    job('impure', { runsOn: 'default', concurrencyGroup: async (event) => `db-${event.targetBranch}`, run: alone }),
    job('many', { runsOn: 'default', matrix: ['1', '2'], concurrencyGroup: 'db-main', run: alone }),
    dynamicJob('made', () => [job('made', { runsOn: 'default', concurrencyGroup: (event) => `db-${event.targetBranch}`, run: alone })]),
  ],
});
