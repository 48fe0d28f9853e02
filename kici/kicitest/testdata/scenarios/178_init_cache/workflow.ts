import { job, push, step, workflow } from '@kici-dev/sdk';

const init = { run: 'if test -f tool/f; then echo warm; else mkdir tool; echo x > tool/f; echo cold; fi', cache: { key: 'tool', paths: ['tool'] } };

export default workflow('ci', {
  on: push(),
  jobs: [
    job('first', { runsOn: 'default', init, run: async ({ $ }) => { await $`cat tool/f`; } }),
    job('second', { runsOn: 'default', needs: ['first'], init: [init], run: async ({ $ }) => { await $`cat tool/f`; } }),
  ],
});
