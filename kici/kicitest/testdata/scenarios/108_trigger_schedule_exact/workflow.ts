import { workflow, job, schedule } from '@kici-dev/sdk';

export const nightly = workflow('nightly', { on: schedule({ cron: '0 3 * * *' }), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
export const hourly = workflow('hourly', { on: schedule({ cron: '0 * * * *' }), jobs: [job('b', { runsOn: 'default', run: async () => {} })] });
