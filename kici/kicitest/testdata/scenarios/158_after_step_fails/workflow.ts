import { job, push, step, workflow } from '@kici-dev/sdk';

// Hooks observe: the steps go on, the rest of the level's hooks is left out, cleanup runs.
const wrong = async () => { console.log(['wrong', 'hook'].join(' ')); };
let calls = 0;

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default',
    afterStep: async () => { if (++calls > 1) await wrong(); throw new Error('cannot count'); },
    onSuccess: wrong, onFailure: wrong, cleanup: async () => { console.log('cleaned'); },
    steps: [step('one', async () => { console.log('one ran'); }), step('two', async () => { console.log('two ran'); })],
  })],
});
