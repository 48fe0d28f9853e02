import { workflow, job, step, push } from '@kici-dev/sdk';

const build = step('build', async () => ({ version: '2.0.0' }));
const lint = async () => ({ warnings: 0 });
const anonymous = step(async () => ({ n: 1 }));
const other = step(async () => ({ n: 2 }));

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [build, lint, anonymous, other, step('use', async (ctx) => {
    ctx.log.info(`${build.result.version} ${ctx.outputsOf(build).version} ${ctx.outputsOf(lint).warnings} ${anonymous.result.n} ${other.result.n}`);
  })] })],
});
