import { workflow, job, push } from '@kici-dev/sdk';

const shard = job('shard', { runsOn: 'default', matrix: ['b', 'a'], run: async (ctx) => ({ [`only-${ctx.matrix!.value}`]: true, who: ctx.matrix!.value }) });

export default workflow('ci', {
  on: push(),
  jobs: [shard, job('sum', { runsOn: 'default', needs: [shard], run: async (ctx) => {
    const all = ctx.jobOutputs(shard) as { byMatrix: Record<string, { who: string }>; merged: Record<string, unknown> };
    ctx.log.info(`${Object.keys(all.byMatrix).sort().join(',')} ${all.byMatrix.a.who} ${all.merged.who} ${Object.keys(all.merged).sort().join(',')}`);
  } })],
});
