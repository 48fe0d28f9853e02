import { workflow, job, kiciEvent } from '@kici-dev/sdk';

export const deploy = workflow('deploy', { on: kiciEvent({ name: 'deploy-done' }), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
export const other = workflow('other', { on: kiciEvent({ name: 'other' }), jobs: [job('b', { runsOn: 'default', run: async () => {} })] });
