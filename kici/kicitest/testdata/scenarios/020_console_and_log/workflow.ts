import { workflow, job, step, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', steps: [step('s', async ({ $, log }) => {
    log.info('one', 1);
    console.log('two', { a: 1 });
    await $`echo three`;
    console.error('four');
    process.stdout.write('five\n');
    log.warn('six');
    log.error('seven');
  })] })],
});
