import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('options', async ({ $ }) => {
          await $`mkdir -p sub`;
          console.log((await $({ cwd: 'sub' })`pwd`.quiet()).stdout);
          console.log((await $({ env: { ...process.env, ONLY: 'here' } })`echo $ONLY`.quiet()).stdout);
          console.log((await $({ env: { PATH: process.env.PATH } })`echo \${ONLY:-unset}`.quiet()).stdout);
          const sh = $({ quiet: true, cwd: 'sub' });
          console.log((await sh`basename $(pwd)`).stdout);
          try {
            $({ spelled: 'wrong' });
          } catch (e) {
            console.log(e.name, e.message);
          }
          console.log($.sync`printf sync`.stdout);
          try {
            $.sync`exit 5`;
          } catch (e) {
            console.log('sync failed', e.exitCode);
          }
          const v = await $({ verbose: true })`echo seen`;
          console.log(v.stdout);
        }),
      ],
    }),
  ],
});
