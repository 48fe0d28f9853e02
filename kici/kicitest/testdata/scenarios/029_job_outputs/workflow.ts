import { workflow, job, step, push } from '@kici-dev/sdk';

const flat = job('flat', { runsOn: 'default', run: async () => ({ env: 'production' }) });
const one = job('one', { runsOn: 'default', steps: [step('only', async () => ({ v: 1 }))] });
const many = job('many', { runsOn: 'default', steps: [step('compile', async () => ({ version: '2' })), async () => ({ n: 3 })] });

export default workflow('ci', {
  on: push(),
  jobs: [flat, one, many, job('use', { runsOn: 'default', needs: [flat, one, many], run: async (ctx) => {
    ctx.log.info(`${flat.result.env} ${one.result.v} ${many.result.compile.version} ${many.result['step-1'].n}`);
    ctx.log.info(JSON.stringify(ctx.jobOutputs(many)));
    ctx.log.info(JSON.stringify(ctx.inputs));
  } })],
});
