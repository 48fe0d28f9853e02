import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async () => { const f = (n: number): number => f(n + 1) + 1; f(0); } })],
});
