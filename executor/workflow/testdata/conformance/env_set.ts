import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('set', async ({ $, setEnv, env }) => {
          setEnv('COLOUR', 'green');
          console.log(process.env.COLOUR, env.COLOUR, (await $`echo $COLOUR`.quiet()).stdout.trim());
          process.env.DIRECT = 'yes';
          console.log((await $`echo $DIRECT`.quiet()).stdout.trim(), env.DIRECT);
          env.THIRD = 'too';
          console.log((await $`echo $THIRD`.quiet()).stdout.trim());
          delete process.env.ORG;
          console.log((await $`echo \${ORG:-gone}`.quiet()).stdout.trim(), 'ORG' in process.env);
          process.env.NUMBER = 5;
          console.log(typeof process.env.NUMBER, $.sync`echo $NUMBER`.stdout.trim());
        }),
        step('next', async ({ $ }) => {
          console.log(process.env.COLOUR, process.env.DIRECT, process.env.THIRD, process.env.ORG);
          console.log((await $`echo $COLOUR $DIRECT $THIRD`.quiet()).stdout);
          console.log(Object.keys(process.env).includes('KICI_PROCESS'), process.env.KICI_RUN_ID, process.env.FORCE_COLOR);
          try {
            process.env.X = 'x';
          } finally {
            console.log({ ...process.env }.X);
          }
        }),
      ],
    }),
  ],
});
// says: green green green
