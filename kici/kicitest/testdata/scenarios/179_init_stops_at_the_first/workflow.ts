import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', init: [{ run: 'echo first' }, { run: 'exit 4' }, { run: 'echo unreach""able' }], steps: [step('s', async ({ $ }) => { await $`echo unreach""able`; })] })],
});
