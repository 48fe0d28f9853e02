import { workflow, job, step, push, z } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('good', {
    outputs: { version: z.string(), count: z.coerce.number().default(7) },
    run: async () => ({ version: '1.0' }),
  })] })],
});
