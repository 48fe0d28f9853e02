// .kici/workflows/ci.ts
import { workflow, job, step, push, pr, rule } from '@kici-dev/sdk';

const test = job('test', {
  runsOn: 'linux',
  matrix: { node: ['22', '24'] },
  steps: [
    step('install', async ({ $ }) => { await $`npm ci`; }),
    step('unit', {
      timeout: 15 * 60_000,
      run: async ({ $ }) => { await $`npm test`; },
    }),
  ],
});

const deploy = job('deploy', {
  runsOn: 'linux',
  needs: [test],
  rules: [rule('only main', (ctx) => ctx.event.targetBranch === 'main')],
  cleanup: async ({ $ }) => { await $`./unlock.sh`; },
  steps: [
    step('release', async ({ $, secrets, emit }) => {
      await secrets.expose('DEPLOY_KEY');
      const version = (await $`./deploy.sh`).stdout.trim();
      await emit('released', { version });
      return { version };
    }),
  ],
});

export default workflow('ci', {
  on: [push({ branches: ['main', 'release/*'], paths: ['src/**'] }), pr({ target: 'main' })],
  jobs: [test, deploy],
});
