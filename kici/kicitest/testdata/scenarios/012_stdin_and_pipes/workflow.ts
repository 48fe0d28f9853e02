import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('s', async ({ $, log }) => {
    const p = $`cat`;
    p.stdin.write('typed');
    p.stdin.end();
    log.info((await p).stdout);
    log.info((await $`cat`.stdin('called')).stdout);
    log.info((await $({ input: 'optioned' })`cat`).stdout);
    log.info((await $`printf 'b\na\n'`.pipe($`sort`)).stdout.trim().replace('\n', ','));
    log.info((await $`printf abc`.pipe`tr a-z A-Z`).stdout);
  })] })],
});
