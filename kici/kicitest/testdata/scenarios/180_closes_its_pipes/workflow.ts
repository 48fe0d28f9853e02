import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('ends', { runsOn: 'default', run: async ({ $, log }) => { await $`echo said; exec 1>&- 2>&- 0<&-; sleep 0.05`; log.info('ended well'); } }),
    job('fails', { runsOn: 'default', run: async ({ $ }) => { await $`exec 1>&- 2>&-; exit 6`; } }),
  ],
});
