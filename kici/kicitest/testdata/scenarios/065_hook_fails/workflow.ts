import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default',
    onSuccess: async () => { throw new Error('hook broke'); },
    cleanup: async () => { console.log('cleanup anyway'); },
    run: async () => {},
  })],
});
