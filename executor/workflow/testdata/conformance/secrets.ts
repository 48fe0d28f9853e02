import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('read', async ({ secrets, $ }) => {
          console.log(secrets.list(), secrets.has('TOKEN'), secrets.has('NOPE'), secrets.getMeta('TOKEN'), secrets.getMeta('PEM'));
          console.log((await secrets.get('TOKEN')).length);
          await secrets.expose('TOKEN');
          console.log(process.env.TOKEN.length, (await $`echo \${#TOKEN}`.quiet()).stdout.trim());
        }),
        step('gone', async ({ secrets, $, setEnv }) => {
          console.log(process.env.TOKEN, (await $`echo \${TOKEN:-gone}`.quiet()).stdout.trim());
          setEnv('TOKEN', 'fake');
          console.log(process.env.TOKEN);
          await secrets.get('MISSING');
        }),
      ],
    }),
  ],
});
// expect: failed
// says: MISSING
