import { workflow, job, push, waitFor } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async (ctx) => {
    let n = 0;
    const r = await waitFor({ name: 'ready', intervalMs: 5, check: async () => (++n < 3 ? null : 'up') });
    ctx.log.info(`${r.outcome} ${r.value} ${r.attempts}`);
    try { await waitFor({ name: 'dead', intervalMs: 5, timeoutMs: 20, check: async () => null }); } catch (e) { ctx.log.info(`${(e as Error).name}`); }
  } })],
});
