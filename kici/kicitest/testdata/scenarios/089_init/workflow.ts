import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', init: [
    { run: 'echo "TOOL=1" >> "$KICI_ENV"; echo init one' },
    { run: 'echo "init two sees $TOOL $EXTRA"; echo "$PWD/tools" >> "$KICI_PATH"', env: { EXTRA: 'x' }, shell: 'sh' },
  ], run: async (ctx) => { ctx.log.info(`step sees ${ctx.env.TOOL} ${ctx.env.EXTRA} ${process.env.PATH!.split(':')[0].endsWith('/tools')}`); } })],
});
