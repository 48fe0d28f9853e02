import { job, push, step, workflow } from '@kici-dev/sdk';
import { exec, execSync, spawn, spawnSync } from 'node:child_process';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('use', async () => {
          console.log(execSync('echo from execSync').toString().trim());
          console.log(await new Promise((resolve) => exec('echo $((1+1)); exit 2', (e, out) => resolve([e?.code, out.trim()]))));
          const p = spawn('sh', ['-c', 'read x; echo got $x'], { stdio: ['pipe', 'pipe', 'inherit'] });
          let text = '';
          p.stdout.on('data', (d) => (text += d));
          p.stdin.end('line\n');
          console.log(await new Promise((r) => p.on('close', (code, signal) => r([code, signal]))), text.trim());
          console.log(spawnSync('sh', ['-c', 'exit 9']).status);
        }),
      ],
    }),
  ],
});
