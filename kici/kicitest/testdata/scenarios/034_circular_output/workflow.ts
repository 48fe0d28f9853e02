import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('loop', async () => { const o: Record<string, unknown> = {}; o.self = o; return o; })] })],
});
