import { job, push, step, workflow } from '@kici-dev/sdk';

import { writeFileSync } from 'node:fs';

// /dev/full answers as a full disk does, and a limit on file sizes as a quota does.
export default workflow('ci', {
  on: push(),
  jobs: [
    job('command', { runsOn: 'default', run: async ({ $ }) => { await $`echo x > /dev/full`; } }),
    job('script', { runsOn: 'default', run: async () => { writeFileSync('/dev/full', 'x'); } }),
    job('quota', { runsOn: 'default', run: async ({ $ }) => { await $`ulimit -f 8; head -c 1000000 /dev/zero > big`; } }),
  ],
});
