import { workflow, job, step, push } from '@kici-dev/sdk';

let path = '';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [
    step('mounts', async (ctx) => {
      path = (await ctx.secrets.mountFile({ sources: ['ONE', 'TWO'], divider: '-', name: '../escape' })).path;
      ctx.log.info(`mode ${(await ctx.$`stat -c %a ${path}`).stdout.trim()} size ${(await ctx.$`wc -c < ${path}`).stdout.trim()}`);
      await ctx.$`cat ${path}; echo`;
      await ctx.secrets.exposeFile('KEY_FILE', { sources: ['ONE'] });
      await ctx.$`test -f "$KEY_FILE"`;
    }),
    step('later', async (ctx) => { ctx.log.info(`left ${(await ctx.$`test -e ${path}`.nothrow()).exitCode} ${process.env.KEY_FILE}`); }),
  ] })],
});
