import { workflow, job, push, idempotent } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async (ctx) => {
    const same = await idempotent({ name: 'user', check: async () => null, apply: async () => 'made', log: (m) => ctx.log.info(m) });
    const drift = await idempotent({ name: 'user', check: async () => ({ want: 1 }), apply: async () => 'made', log: (m) => ctx.log.info(m) });
    ctx.log.info(`${same.outcome} ${drift.outcome} ${drift.result}`);
  } })],
});
