import { workflow, job, step } from '@kici-dev/sdk';

const anonymous = job({ runsOn: 'default', run: async () => {} });
const second = job({ runsOn: 'default', needs: [anonymous], steps: [step('', async () => {}), step('named', async () => {}), async () => {}] });
const uuid = job('0b8f6f60-1111-4222-8333-123456789abc', { runsOn: 'default', needs: ['later'], run: async () => {} });
const later = job('later', { runsOn: 'default', needs: [{ name: 'x', ifFailed: 'run' } as any, second].slice(1), run: async () => {} });

const one = workflow('one', { jobs: [second, anonymous, () => [], uuid, later] });
export default [one, 'not a workflow', workflow('two', { jobs: [anonymous] })];
export const zulu = workflow('zulu', { jobs: [job('j', { runsOn: 'default', steps: [] })] });
export const alpha = workflow('alpha', { jobs: [job('j', { runsOn: 'default', steps: [] })] });
