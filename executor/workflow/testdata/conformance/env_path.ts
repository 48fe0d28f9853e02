import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('make', async ({ $, addPath }) => {
          await $`mkdir -p bin; printf '#!/bin/sh\necho from tool' > bin/my-tool; chmod +x bin/my-tool`;
          addPath((await $`pwd`.quiet()).stdout.trim() + '/bin');
          console.log((await $`my-tool`.quiet()).stdout);
        }),
        step('use', async ({ $ }) => console.log((await $`my-tool`.quiet()).stdout, process.env.PATH.split(':')[0].endsWith('/bin'))),
      ],
    }),
  ],
});
