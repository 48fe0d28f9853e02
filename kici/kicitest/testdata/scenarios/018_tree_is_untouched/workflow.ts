import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('s', async ({ $ }) => {
    await $`echo changed > data.txt; rm -f other.txt; echo new > new.txt; git config user.name changed; rm -rf .git`;
  })] })],
});
