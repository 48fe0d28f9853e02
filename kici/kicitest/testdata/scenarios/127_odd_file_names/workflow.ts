import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async ({ $ }) => { await $`cat 'grüße ☃.txt' 'with space' -- '-dash'; ./run.sh; readlink link`; } })],
});
