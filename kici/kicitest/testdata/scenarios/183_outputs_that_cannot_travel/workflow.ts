import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('bigint', { runsOn: 'default', steps: [step('count', async () => ({ n: 10n }) as any)] }),
    job('deep', { runsOn: 'default', steps: [step('list', async () => { const a: unknown[] = []; a.push({ a }); return { a }; })] }),
  ],
});
