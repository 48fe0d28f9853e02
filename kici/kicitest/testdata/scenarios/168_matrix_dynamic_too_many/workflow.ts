import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('t', { runsOn: 'default', matrix: async () => Array.from({ length: 257 }, (_, i) => `v${i}`), run: async () => {} })],
});
