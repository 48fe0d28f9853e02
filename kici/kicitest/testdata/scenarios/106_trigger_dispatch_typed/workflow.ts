import { workflow, job, dispatch } from '@kici-dev/sdk';

export const typed = workflow('typed', { on: dispatch({ types: ['deploy'] }), jobs: [job('b', { runsOn: 'default', run: async () => {} })] });
export const other = workflow('other', { on: dispatch({ types: ['test'] }), jobs: [job('c', { runsOn: 'default', run: async () => {} })] });
