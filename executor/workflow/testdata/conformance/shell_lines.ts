import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('lines', async ({ $ }) => {
          for await (const line of $`printf 'one\ntwo\nthree'`.quiet()) console.log('line', line);
          console.log(await $`printf '{"a":[1,2]}'`.quiet().json());
          console.log((await $`printf abc`.quiet()).buffer().length);
          console.log(await $`printf 'a\nb\n'`.quiet().lines());
        }),
      ],
    }),
  ],
});
