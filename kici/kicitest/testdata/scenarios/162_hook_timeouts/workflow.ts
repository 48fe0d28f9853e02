import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('waits', { runsOn: 'default', onSuccess: { run: async () => { await new Promise((done) => setTimeout(done, 60000)); }, timeout: 100 }, cleanup: async () => { console.log('cleaned'); }, run: async () => {} }),
    job('step', { runsOn: 'default', steps: [step('s', { run: async () => {}, cleanup: { run: async ({ $ }) => { await $`sleep 30`; }, timeout: 110 } }), step('t', async () => { console.log('went on'); })] }),
    job('before', { runsOn: 'default', beforeStep: { run: async ({ $ }) => { await $`sleep 30`; }, timeout: 120 }, run: async () => { console.log('ran anyway'); } }),
  ],
});
