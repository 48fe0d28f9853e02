import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', init: { run: 'echo broken tool >&2; exit 7' }, cleanup: async () => {}, run: async (ctx) => { ctx.log.info('must not run'); } })],
});
