import { workflow, job, push } from '@kici-dev/sdk';

const make = (name: string) => workflow(name, { on: push(), jobs: [job(`${name}-job`, { runsOn: 'default', run: async () => {} })] });
export default [make('first'), 'not a workflow', make('second')];
export const zed = make('zed');
