import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('s', async ({ $, log }) => {
    await $`mkdir -p sub`;
    const inSub = $({ cwd: 'sub', env: { PATH: process.env.PATH, ONLY: 'this' } });
    log.info((await inSub`basename "$PWD"; echo "$ONLY"`).stdout.trim().replace('\n', ' '));
    const soft = $({ nothrow: true });
    log.info(`soft ${(await soft`exit 5`).exitCode}`);
  })] })],
});
