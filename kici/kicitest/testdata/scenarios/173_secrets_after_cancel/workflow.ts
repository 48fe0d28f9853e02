import { job, push, step, workflow } from '@kici-dev/sdk';

let path = '';

export default workflow('ci', {
  on: push(),
  timeout: 4000,
  jobs: [job('a', { runsOn: 'default',
    onCancel: async (ctx) => { console.log(`left ${(await ctx.$`test -e ${path}`.nothrow()).exitCode} ${process.env.KEY_FILE} ${process.env.TOKEN}`); },
    run: async (ctx) => {
      await ctx.secrets.expose('TOKEN');
      await ctx.secrets.exposeFile('KEY_FILE', { sources: ['TOKEN'] });
      path = process.env.KEY_FILE!;
      await ctx.$`test -f "$KEY_FILE"; sleep 30`;
    },
  })],
});
