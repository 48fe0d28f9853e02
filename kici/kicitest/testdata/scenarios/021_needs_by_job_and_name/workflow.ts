import { workflow, job, push } from '@kici-dev/sdk';

const a = job('a', { runsOn: 'default', run: async (ctx) => { ctx.log.info('a ran'); } });

export default workflow('ci', {
  on: push(),
  jobs: [
    job('c', { runsOn: 'default', needs: ['b', a], run: async (ctx) => { ctx.log.info('c ran'); } }),
    job('b', { runsOn: 'default', needs: [a], run: async (ctx) => { ctx.log.info('b ran'); } }),
    a,
  ],
});
