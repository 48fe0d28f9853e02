import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('mount', async ({ secrets, $ }) => {
          const m = await secrets.mountFile({ sources: ['PEM'] });
          console.log((await $`cat ${m.path}; stat -c %a ${m.path}`.quiet()).stdout);
          const e = await secrets.exposeFile('PEM_FILE', { sources: ['PEM', 'TOKEN'] });
          console.log(process.env.PEM_FILE === e.path, (await $`wc -c < $PEM_FILE`.quiet()).stdout.trim());
        }),
        step('after', async ({ $, setSecretOutput }) => {
          console.log(process.env.PEM_FILE);
          setSecretOutput('made', 'value-here');
        }),
      ],
    }),
  ],
});
