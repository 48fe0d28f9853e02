import { workflow, job, lifecycle } from '@kici-dev/sdk';

export const life = workflow('life', { on: lifecycle({ events: ['workflow_complete'] }), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
