import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('a', { runsOn: 'default', run: async () => { throw new Error('broken'); } }),
    job('notify', { runsOn: 'default', needs: [{ name: 'a', ifFailed: 'run' }], run: async (ctx) => { ctx.log.info('told'); } }),
    job('deploy', { runsOn: 'default', needs: [{ name: 'a', ifFailed: 'skip' }], run: async () => {} }),
  ],
});
