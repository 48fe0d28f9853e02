import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      environment: (event) => 'env-' + event.targetBranch,
      env: async () => ({ LEVEL: 'high', N: 3 }),
      steps: [
        step('see', ({ environment, env, secrets }) => console.log(environment, env.LEVEL, env.N, secrets.list())),
      ],
    }),
  ],
});
// says: env-main high 3
