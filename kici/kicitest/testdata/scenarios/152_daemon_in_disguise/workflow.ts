import { workflow, job, push } from '@kici-dev/sdk';

// The daemon has left parent, session and environment behind; only its name says whose it is.
const daemon = `(exec -a "disguised $0" sleep 4323 </dev/null >/dev/null 2>&1 &)`;

export default workflow('ci', {
  on: push(),
  jobs: [
    job('green', { runsOn: 'default', run: async ({ $, log }) => { await $`env -i $(command -v setsid) $BASH -c ${daemon} $HOME; echo started`; log.info('done'); } }),
    job('red', { runsOn: 'default', needs: ['green'], run: async ({ $ }) => { await $`env -i $(command -v setsid) $BASH -c ${daemon} $HOME; exit 3`; } }),
  ],
});
