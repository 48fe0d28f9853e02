import { workflow, job, push, dynamicJob, dynamicGroup } from '@kici-dev/sdk';

const none = dynamicJob('none', async () => []);

export default workflow('ci', {
  on: push(),
  jobs: [none, job('after', { runsOn: 'default', needs: [dynamicGroup('none')], run: async (ctx) => { ctx.log.info('went on'); } })],
});
