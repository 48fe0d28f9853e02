import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: ['one', 'two', 'three'].map((name) => {
    const build = step('build', async ({ $ }) => { await $`sleep 0.05`; return { from: name }; });
    return job(name, { runsOn: 'default', steps: [build, step('check', async (ctx) => {
      if (build.result.from !== name) throw new Error(`expected ${name}, got ${build.result.from}`);
      ctx.log.info(`own ${build.result.from}`);
    })] });
  }),
});
