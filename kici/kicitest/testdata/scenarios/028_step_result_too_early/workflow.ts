import { workflow, job, step, push } from '@kici-dev/sdk';

const late = step('late', async () => ({ x: 1 }));

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('early', async (ctx) => { ctx.log.info(String(late.result.x)); }), late] })],
});
