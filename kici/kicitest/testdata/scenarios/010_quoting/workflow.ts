import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('s', async ({ $, log }) => {
    const nasty = `a b'c"d$e\`f\\g;h|i&j>k\nl`;
    const back = await $`printf %s ${nasty}`;
    log.info(back.stdout === nasty ? 'survived' : JSON.stringify(back.stdout));
    log.info((await $`printf '<%s>' ${['x y', 'z', '']}`).stdout);
    log.info((await $`printf %s pre${'a b'}post`).stdout);
    log.info((await $`printf %s ${42} ${true}`).stdout);
  })] })],
});
