import { cleanup, idempotentStep, job, push, step, waitForStep, workflow } from '@kici-dev/sdk';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';

const prepare = idempotentStep('prepare', {
  check: async () => (existsSync('state') ? null : { folder: 'state' }),
  apply: async ({ folder }) => {
    await mkdir(folder, { recursive: true });
    await writeFile(`${folder}/ready`, 'yes');
    return { folder };
  },
  whenInSync: async () => ({ folder: 'state' }),
  summarize: ({ folder }) => `make ${folder}`,
});

export default workflow('hooks', {
  on: push(),
  jobs: [
    job('serve', {
      runsOn: 'default',
      beforeStep: ({ log }) => log.info('a step begins'),
      afterStep: ({ log, outcome }) => log.info(`it ended: ${outcome.status}`),
      steps: [
        prepare,
        waitForStep('ready', {
          check: async () => (existsSync('state/ready') ? { ready: true } : null),
          intervalMs: 50,
          timeoutMs: 5_000,
        }),
        step('use', async ({ $ }) => {
          await $`cat state/ready`;
        }),
      ],
      onSuccess: ({ log, outcome }) => log.info(`served in ${outcome.duration} ms`),
      onFailure: ({ log, outcome }) => log.error(`failed at ${outcome.failedStep}`),
      cleanup: cleanup({ run: async ({ $ }) => void (await $`rm -rf state`), timeout: 10_000 }),
    }),
  ],
});
