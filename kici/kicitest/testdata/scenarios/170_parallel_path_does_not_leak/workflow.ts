import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: ['one', 'two'].map((name) => job(name, { runsOn: 'default', steps: [
    step('add', async (ctx) => {
      const dir = `${(await ctx.$`mktemp -d`).stdout.trim()}/tools`;
      await ctx.$`mkdir ${dir}; printf '#!/bin/sh\necho tool of %s\n' ${name} > ${dir}/thetool; chmod +x ${dir}/thetool`;
      ctx.addPath(dir);
      await ctx.$`sleep 0.05`;
    }),
    step('use', async (ctx) => { await ctx.$`thetool`; await ctx.$`echo "paths $(printf %s "$PATH" | tr : '\n' | grep -c '/tools$')"`; }),
  ] })),
});
