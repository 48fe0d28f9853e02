import { job, push, step, workflow, z } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('typed', { outputs: { n: z.number(), s: z.string().default('fallback') }, run: async () => ({ n: 4 }) }),
        step('schema', () => {
          const r = z.object({ email: z.email(), tags: z.array(z.string()).min(1) }).safeParse({ email: 'x', tags: [] });
          console.log(r.success, r.error.issues.map((i) => i.path.join('.') + ': ' + i.message));
        }),
      ],
    }),
  ],
});
