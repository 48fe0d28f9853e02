import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('warm', { runsOn: 'default', steps: [step('s', { cache: { key: 'dep', paths: ['dep'] }, run: async ({ $ }) => { await $`mkdir -p dep; echo one > dep/f`; } })] }),
    job('use', { runsOn: 'default', needs: ['warm'], cache: { key: 'dep', paths: ['dep'] }, run: async (ctx) => { ctx.log.info((await ctx.$`cat dep/f`).stdout.trim()); } }),
  ],
});
