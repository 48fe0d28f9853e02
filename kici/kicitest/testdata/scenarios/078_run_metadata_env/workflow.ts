import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async (ctx) => { ctx.log.info(`${Boolean(process.env.KICI_RUN_ID)} ${process.env.KICI_JOB_NAME} ${process.env.FORCE_COLOR}`); } })],
});
