import { workflow, job } from '@kici-dev/sdk';

const names: Record<string, string> = { main: 'prod' };
const byBranch = (event: { targetBranch: string }) => event.targetBranch;
async function slow() { return 'x'; }

export default workflow('dynamic', {
  jobs: [
    job('pure', {
      runsOn: 'default',
      environment: byBranch,
      env: (event): Record<string, string> => ({ BRANCH: event.targetBranch, UPPER: String(event.targetBranch!).toUpperCase() }),
      concurrencyGroup(event) { return `deploy-${event.targetBranch}`; },
      run: async () => {},
    }),
    job('kinder', {
      runsOn: 'default',
      environment: (event) => {
        const parts = (event.changedFiles ?? []).map((f: string) => f.split('/')[0]);
        return parts[0] as string;
      },
      run: async () => {},
    }),
    job('impure', {
      runsOn: 'default',
      environment: (event) => names[event.targetBranch] ?? 'preview',
      env: () => ({ STAGE: process.env.STAGE! }),
      concurrencyGroup: slow as any,
      run: async () => {},
    }),
  ],
});
