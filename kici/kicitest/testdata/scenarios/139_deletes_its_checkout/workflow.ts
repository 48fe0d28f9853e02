import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('rm', async ({ $ }) => { await $`rm -rf "$PWD"`; }), step('after', async ({ $ }) => { await $`pwd`; })] })],
});
