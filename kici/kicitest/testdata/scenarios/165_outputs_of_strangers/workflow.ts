import { job, push, step, workflow } from '@kici-dev/sdk';

const soft = step('soft', { continueOnError: true, run: async (): Promise<{ v: number }> => { throw new Error('broken'); } });
const stranger = async () => ({ v: 1 });

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [soft, step('reads', async (ctx) => {
    try { ctx.log.info(String(soft.result.v)); } catch (e) { ctx.log.info(`failed step: ${(e as Error).message}`); }
    try { ctx.outputsOf(stranger); } catch (e) { ctx.log.info(`stranger: ${(e as Error).message}`); }
    try { ctx.jobOutputs({ name: 'nobody' } as any); } catch (e) { ctx.log.info(`job: ${(e as Error).message}`); }
  })] })],
});
