import { workflow, job, push, dynamicJob, dynamicGroup } from '@kici-dev/sdk';

const shards = dynamicJob('shards', async () => [job('shard', { runsOn: 'default', run: async () => { throw new Error('no'); } })]);

export default workflow('ci', {
  on: push(),
  jobs: [
    shards,
    job('after', { runsOn: 'default', needs: [dynamicGroup('shards')], run: async () => {} }),
    job('always', { runsOn: 'default', needs: [dynamicGroup('shards', { ifFailed: 'run' })], run: async () => {} }),
  ],
});
