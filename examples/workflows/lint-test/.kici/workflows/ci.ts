import { job, pr, push, step, workflow } from '@kici-dev/sdk';

const lint = job('lint', {
  runsOn: 'default',
  steps: [
    step('syntax', async ({ $ }) => {
      await $`sh -n scripts/greet.sh`;
    }),
    step('no tabs', async ({ $ }) => {
      await $`! grep -rnP '\t' scripts`;
    }),
  ],
});

const test = job('test', {
  runsOn: 'default',
  needs: [lint],
  steps: [
    step('greets', async ({ $, log }) => {
      const { stdout } = await $`sh scripts/greet.sh world`;
      if (stdout.trim() !== 'hello, world') throw new Error(`unexpected greeting: ${stdout}`);
      log.info('greet.sh greets');
    }),
    step('refuses nobody', async ({ $ }) => {
      const out = await $`sh scripts/greet.sh`.nothrow();
      if (out.exitCode !== 2) throw new Error(`expected exit code 2, got ${out.exitCode}`);
    }),
  ],
});

const pack = job('package', {
  runsOn: 'default',
  needs: [test],
  run: async ({ $ }) => {
    await $`mkdir -p dist && tar -czf dist/scripts.tgz scripts`;
    await $`ls -l dist`;
  },
});

export default workflow('ci', {
  description: 'Lint, then test, then package',
  on: [push({ branches: 'main' }), pr({ target: 'main' })],
  jobs: [lint, test, pack],
});
