import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('echo', async ({ $, log }) => {
          console.log('before');
          const out = await $`echo hello`;
          log.info('got', out.stdout.trim(), { a: 1 });
          console.error('after');
          return { text: out.stdout.trim() };
        }),
      ],
    }),
  ],
});
// says: hello
