import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('t', { runsOn: 'default', matrix: async ({ $, ctx }) => {
    if (ctx.workflow.name !== 'ci') throw new Error(`workflow is ${ctx.workflow.name}`);
    return (await $`ls packages`).stdout.trim().split('\n');
  }, run: async (ctx) => { ctx.log.info(`pkg ${ctx.matrix!.value}`); } })],
});
