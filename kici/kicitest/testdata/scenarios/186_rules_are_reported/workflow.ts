import { job, push, rule, skip, step, workflow } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [
    job('throws', { runsOn: 'default', rules: [rule('ok', () => true), rule('explodes', () => { throw new Error('kaput'); }), rule('not asked')], run: async () => {} }),
    job('skip throws', { runsOn: 'default', rules: [skip('also explodes', () => { throw new Error('kaput'); })], run: async () => {} }),
    job('asks', { runsOn: 'default', rules: [rule('files', (ctx) => ctx.changedFiles.join() === 'src/a.ts'), rule('event', (ctx) => ctx.event.type === 'push'), rule('truthy', async () => 'yes' as any)], run: async () => {} }),
  ],
});
