import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [
    step('write', async (ctx) => {
      await ctx.$`echo "MADE=by=shell" >> "$KICI_ENV"; echo "no equals sign" >> "$KICI_ENV"; echo >> "$KICI_ENV"; echo "$PWD/one" >> "$KICI_PATH"; echo "$PWD/two" >> "$KICI_PATH"`;
      ctx.log.info(`same step ${process.env.MADE}`);
    }),
    step('read', async (ctx) => {
      ctx.log.info(`next step ${process.env.MADE}`);
      ctx.log.info((await ctx.$`echo $PATH`).stdout.split(':').slice(0, 2).map((p) => p.split('/').pop()).join(' '));
      ctx.log.info(`reset ${(await ctx.$`wc -c < "$KICI_ENV"`).stdout.trim()}`);
    }),
  ] })],
});
