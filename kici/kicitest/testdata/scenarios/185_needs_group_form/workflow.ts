import { dynamicJob, job, push, workflow } from '@kici-dev/sdk';

const shards = dynamicJob('shards', async () => [job('shard', { runsOn: 'default', run: async () => { throw new Error('no'); } })]);

export default workflow('ci', {
  on: push(),
  jobs: [
    shards,
    job('skips', { runsOn: 'default', needs: [{ group: 'shards', ifFailed: 'skip' }], run: async () => {} }),
    job('runs', { runsOn: 'default', needs: [{ group: 'shards', ifFailed: 'run' }], run: async () => {} }),
  ],
});
