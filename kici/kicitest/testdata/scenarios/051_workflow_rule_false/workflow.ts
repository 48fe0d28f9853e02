import { workflow, job, push, rule } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  rules: [rule('closed', () => false)],
  jobs: [job('a', { runsOn: 'default', run: async (ctx) => { ctx.log.info('must not run'); } })],
});
