import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('boxed', { runsOn: 'default', container: 'alpine', run: async ({ $ }) => { await $`echo ${'un' + 'boxed'}`; } }),
    job('plain', { runsOn: 'default', run: async ({ log }) => { log.info('needs no engine'); } }),
  ],
});
