import { job, push, step, workflow } from '@kici-dev/sdk';

// Two dimensions: one combination is left out, one is added.
const shells = job('shells', {
  runsOn: 'default',
  matrix: { shell: ['sh', 'bash'], mode: ['plain', 'strict'] },
  exclude: [{ shell: 'sh', mode: 'strict' }],
  include: [{ shell: 'bash', mode: 'posix' }],
  steps: [
    step('run', async ({ $, matrix, log }) => {
      const flags = { plain: [], strict: ['-eu'], posix: ['--posix'] }[matrix!.mode!] ?? [];
      const { stdout } = await $`${matrix!.shell} ${flags} hello.sh`;
      log.info(`${matrix!.shell} says ${stdout.trim()}`);
      return { said: stdout.trim() };
    }),
  ],
});

// One dimension, known only when the run starts.
const files = job('files', {
  runsOn: 'default',
  matrix: async ({ $ }) => (await $`ls data`).stdout.trim().split('\n'),
  run: async ({ $, matrix }) => {
    await $`wc -l data/${matrix!.value}`;
  },
});

const report = job('report', {
  runsOn: 'default',
  needs: [shells, files],
  run: async ({ log, jobOutputs }) => {
    const { byMatrix } = jobOutputs(shells);
    for (const [instance, outputs] of Object.entries(byMatrix)) log.info(`${instance}: ${JSON.stringify(outputs)}`);
  },
});

export default workflow('matrix', { on: push(), jobs: [shells, files, report] });
