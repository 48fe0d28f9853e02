import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('input', async ({ $ }) => {
          await $`cat > f`.stdin('given text');
          console.log((await $`cat f`.quiet()).stdout);
          const p = $`sort`.quiet();
          p.stdin.write('b\n');
          p.stdin.write(Buffer.from('a\n'));
          p.stdin.end();
          console.log((await p).stdout);
          console.log((await $({ input: 'from options' })`cat`.quiet()).stdout);
          console.log((await $`cat`.quiet()).stdout === '');
          const piped = await $`printf 'x y z'`.pipe($`tr ' ' '\n'`).pipe($`wc -l`).quiet();
          console.log(piped.stdout.trim());
          await $`echo to a file`.pipe('out.txt');
          console.log((await $`cat out.txt`.quiet()).stdout);
        }),
      ],
    }),
  ],
});
