import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('t', { runsOn: 'default', matrix: { os: ['linux', 'mac'], node: ['18', '20'] },
    exclude: [{ os: 'mac', node: '18' }], include: [{ os: 'bsd', node: '22' }],
    run: async (ctx) => { ctx.log.info(`${ctx.matrix!.os} ${ctx.matrix!.node}`); } })],
});
