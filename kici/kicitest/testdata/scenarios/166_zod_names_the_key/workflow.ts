import { job, push, step, workflow, z } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('deep', { runsOn: 'default', steps: [step('build', {
      outputs: { image: z.object({ tags: z.array(z.string()) }) },
      run: async () => ({ image: { tags: ['a', 2] } }) as any,
    })] }),
    job('missing', { runsOn: 'default', steps: [step('build', { outputs: { digest: z.string() }, run: async () => ({}) as any })] }),
    job('tolerated', { runsOn: 'default', steps: [step('build', { continueOnError: true, outputs: { digest: z.string() }, run: async () => ({}) as any }), step('next', async () => {})] }),
  ],
});
