import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('quote', async ({ $ }) => {
          const odd = "it's $HOME `x` \"q\" \n\ttab \\ ü € *";
          const out = await $`printf '<%s>' ${odd} ${['a b', 'c']} a${'b c'}d ${''} ${5} ${null}`;
          console.log(JSON.stringify(out.stdout));
          const nested = await $`echo ${$`echo inner`.quiet()} ${await $`echo out`.quiet()}`;
          console.log(nested.stdout);
        }),
      ],
    }),
  ],
});
