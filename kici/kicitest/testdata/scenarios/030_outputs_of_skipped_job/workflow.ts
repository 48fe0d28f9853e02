import { workflow, job, push, rule } from '@kici-dev/sdk';

const never = job('never', { runsOn: 'default', rules: [rule('no', () => false)], run: async () => ({ a: 1 }) });

export default workflow('ci', {
  on: push(),
  jobs: [never, job('use', { runsOn: 'default', needs: [never], run: async (ctx) => { ctx.log.info(String(never.result.a)); } })],
});
