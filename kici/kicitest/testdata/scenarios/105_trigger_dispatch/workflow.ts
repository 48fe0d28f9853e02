import { workflow, job, dispatch } from '@kici-dev/sdk';

export const any = workflow('any', { on: dispatch(), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
export const typed = workflow('typed', { on: dispatch({ types: ['deploy'] }), jobs: [job('b', { runsOn: 'default', run: async () => {} })] });
