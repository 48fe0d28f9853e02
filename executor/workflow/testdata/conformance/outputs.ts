import { job, push, step, workflow } from '@kici-dev/sdk';
const first = step('first', async () => ({ n: 21 }));

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        first,
        step('second', async ({ outputsOf, inputs, jobOutputs }) => {
          console.log(await first.result.n, outputsOf(first), inputs.build.image);
          console.log(JSON.stringify(await inputs));
          return { doubled: first.result.n * 2, when: new Date(0), list: [1, undefined, { a: null }] };
        }),
        step('none', () => undefined),
      ],
    }),
  ],
});
// says: "doubled":42
