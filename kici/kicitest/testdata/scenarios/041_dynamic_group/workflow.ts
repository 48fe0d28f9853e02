import { workflow, job, push, dynamicJob, dynamicGroup } from '@kici-dev/sdk';

const shards = dynamicJob('shards', async () => [1, 2].map((i) => job(`shard-${i}`, { runsOn: 'default', run: async (ctx) => { ctx.log.info(`shard ${i}`); } })));

export default workflow('ci', {
  on: push(),
  jobs: [job('after', { runsOn: 'default', needs: [dynamicGroup('shards')], run: async (ctx) => { ctx.log.info('all done'); } }), shards],
});
