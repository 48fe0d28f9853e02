import { workflow, job, push, rule } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('a', { runsOn: 'default', rules: [rule('marker'), rule('never', () => false), rule('not reached', () => { throw new Error('evaluated'); })], run: async () => {} }),
    job('b', { runsOn: 'default', needs: ['a'], run: async (ctx) => { ctx.log.info('dependents run'); } }),
  ],
});
