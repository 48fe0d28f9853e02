import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('missing', async ({ $ }) => {
          console.log((await $`no-such-command-here`.nothrow().quiet()).exitCode);
          try {
            await $({ shell: '/no/such/shell' })`true`;
          } catch (e) {
            console.log(e.message.split('\n')[0]);
          }
          try {
            await $({ cwd: '/no/such/dir' })`true`;
          } catch (e) {
            console.log(e.message.split('\n')[0]);
          }
        }),
      ],
    }),
  ],
});
// says: 127
// says: ENOENT
