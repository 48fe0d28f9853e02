import { job, step } from '@kici-dev/sdk';

/** The same job for every package of the repository. */
export function packageJob(name: string) {
  return job(`test-${name}`, {
    runsOn: 'default',
    steps: [
      step('test', async ({ $ }) => {
        await $({ cwd: `packages/${name}` })`sh test.sh`;
      }),
    ],
  });
}
