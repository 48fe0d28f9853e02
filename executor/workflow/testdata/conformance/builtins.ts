import { job, push, step, workflow } from '@kici-dev/sdk';
import fs from 'node:fs';
import { readFile } from 'fs/promises';
import path from 'path';
import os from 'os';
import util from 'util';
import { createHash } from 'node:crypto';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('use', async ({ $ }) => {
          const dir = (await $`pwd`.quiet()).stdout.trim();
          const file = path.join(dir, 'a', 'b.txt');
          await fs.promises.mkdir(path.dirname(file), { recursive: true });
          fs.writeFileSync(file, 'content');
          console.log(await readFile(file, 'utf8'), fs.existsSync(file), path.relative(dir, file));
          console.log(createHash('sha256').update('x').digest('hex').slice(0, 8), Buffer.from('héé').toString('base64'));
          console.log(new URL('../x?q=1', 'https://example.com/a/b').href, util.format('%j', { a: 1 }), os.EOL === '\n');
          try {
            fs.readFileSync('/no/such/file');
          } catch (e) {
            console.log(e.code, e.message);
          }
        }),
      ],
    }),
  ],
});
