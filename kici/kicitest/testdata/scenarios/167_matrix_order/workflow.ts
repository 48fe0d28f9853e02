import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('t', { runsOn: 'default', matrix: { os: ['linux', 'mac'], node: ['20', '18'] },
      exclude: [{ os: 'mac' }, {}], include: [{ os: 'mac', node: '18' }, { os: 'linux', node: '18' }, {}],
      run: async (ctx) => { ctx.log.info(`ran ${ctx.matrix!.node}-${ctx.matrix!.os}`); } }),
  ],
});
