import { workflow, job, step } from '@kici-dev/sdk';
export default workflow('app', { hashFiles: ['packages/app/x.txt'], jobs: [job('j', { runsOn: 'default', steps: [step('s', async () => {})] })] });
