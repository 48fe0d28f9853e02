import { workflow, job, push } from '@kici-dev/sdk';

const make = job('make', { runsOn: 'default', run: async (ctx) => { ctx.setSecretOutput('DEPLOY', 'born-at-runtime'); console.log('now born-at-runtime'); } });

export default workflow('ci', {
  on: push(),
  jobs: [make, job('use', { runsOn: 'default', needs: [make], run: async (ctx) => { ctx.log.info([...(await ctx.secrets.get('DEPLOY'))].reverse().join('')); console.log('again born-at-runtime'); } })],
});
