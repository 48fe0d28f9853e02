import { workflow, job, workflowComplete } from '@kici-dev/sdk';

export const failed = workflow('failed', { on: workflowComplete({ status: ['failed'] }), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
export const ok = workflow('ok', { on: workflowComplete({ status: ['success'] }), jobs: [job('b', { runsOn: 'default', run: async () => {} })] });
