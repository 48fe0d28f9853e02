import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('a', { runsOn: 'default', run: async () => { throw new Error('broken'); } }),
    job('b', { runsOn: 'default', run: async (ctx) => { ctx.log.info(['must', 'not start'].join(' ')); } }),
  ],
});
