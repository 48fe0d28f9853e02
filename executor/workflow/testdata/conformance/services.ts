import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('use', async ({ cache, emit, kici }) => {
          console.log(await cache.restore({ key: 'warm', paths: ['x'] }), await cache.restore({ key: 'cold', paths: ['x'] }));
          await cache.save({ key: 'new', paths: ['x'] });
          console.log(await emit('deployed', { n: 1 }));
          console.log(await kici.infrastructure.list());
          await emit('');
        }),
      ],
    }),
  ],
});
// expect: failed
