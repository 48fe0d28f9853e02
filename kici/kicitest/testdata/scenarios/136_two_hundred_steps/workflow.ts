import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: Array.from({ length: 200 }, (_, i) => step(`s${i}`, async () => {})) })],
});
