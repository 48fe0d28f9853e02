import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', cleanup: async () => { console.log('job cleanup'); }, steps: [
    step('one', { run: async () => { console.log('one ran'); }, cleanup: async () => { throw new Error('cannot tidy'); } }),
    step('two', async () => { console.log('two ran'); }),
  ] })],
});
