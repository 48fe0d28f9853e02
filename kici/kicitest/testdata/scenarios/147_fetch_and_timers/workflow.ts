import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async (ctx) => {
    const order: string[] = [];
    setTimeout(() => order.push('timeout'), 1);
    queueMicrotask(() => order.push('microtask'));
    await new Promise((r) => setTimeout(r, 20));
    ctx.log.info(order.join(' '));
    const signal = AbortSignal.timeout(10);
    await new Promise((r) => signal.addEventListener('abort', r));
    ctx.log.info(`aborted ${signal.aborted}`);
    try { await fetch('http://127.0.0.1:1/'); } catch (e) { ctx.log.info(`refused ${(e as Error).name}`); }
  } })],
});
