import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('s', async ({ $, log }) => {
    const o = await $`printf '{"n":1}'`;
    log.info(`json ${o.json().n} text ${o.text()} string ${o} lines ${(await $`printf 'a\nb\n'`).lines().join('+')}`);
    log.info(await $`printf text`.text());
    try {
      await $`echo oops >&2; exit 9`;
    } catch (e) {
      log.info(`${e instanceof Error} ${e.exitCode} ${e.stderr.trim()}`);
    }
  })] })],
});
