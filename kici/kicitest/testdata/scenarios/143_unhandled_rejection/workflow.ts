import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async () => { Promise.reject(new Error('nobody listens')); await new Promise((r) => setTimeout(r, 20)); } })],
});
