import { workflow, job, step, push, z } from '@kici-dev/sdk';

const good = step('good', {
  outputs: { version: z.string(), count: z.coerce.number().default(7) },
  run: async () => ({ version: '1.0' }),
});

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [good, step('show', async (ctx) => {
    ctx.log.info(`${good.result.version} ${good.result.count}`);
  })] })],
});
