import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', environment: 'prod', run: async (ctx) => {
    ctx.log.info(ctx.secrets.list().join(','));
    const show = async (k: string) => [...(await ctx.secrets.get(k))].reverse().join('');
    ctx.log.info(await show('FLAT'));
    ctx.log.info(await show('SECTION'));
    ctx.log.info(await show('FROM_ENV'));
    ctx.log.info(await show('FROM_YAML'));
    ctx.log.info(`${ctx.secrets.has('FLAT')} ${ctx.secrets.has('toString')} ${ctx.secrets.has('NOPE')}`);
  } })],
});
