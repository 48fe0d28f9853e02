import { workflow, job, step, push, z } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('bad', {
    outputs: { version: z.string() },
    run: async () => ({ version: 12 as unknown as string }),
  })] })],
});
