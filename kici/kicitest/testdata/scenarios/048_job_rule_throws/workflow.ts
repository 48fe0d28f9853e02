import { workflow, job, push, rule } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', rules: [rule('explodes', () => { throw new Error('kaput'); })], run: async () => {} })],
});
