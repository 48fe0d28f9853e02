import { job, push, step, workflow } from '@kici-dev/sdk';

const shard = job('shard', { runsOn: 'default', matrix: ['1', '2', '3'], run: async (ctx) => { if (ctx.matrix!.value === '2') throw new Error('broken'); } });

export default workflow('ci', {
  on: push(),
  jobs: [
    shard,
    job('sum', { runsOn: 'default', needs: [shard], run: async () => {} }),
    job('tell', { runsOn: 'default', needs: [{ name: 'shard', ifFailed: 'run' }], run: async (ctx) => { ctx.log.info(`told`); } }),
  ],
});
