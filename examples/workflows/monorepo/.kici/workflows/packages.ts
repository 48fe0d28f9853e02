import { pr, push, workflow } from '@kici-dev/sdk';
import { packageJob } from '../lib/package-job.js';

const changed = (name: string) => {
  const paths = [`packages/${name}/**`, '!**/*.md'];
  return [push({ branches: 'main', paths }), pr({ target: 'main', paths })];
};

// A workflow per package: it runs only when files of that package changed.
export const api = workflow('api', { on: changed('api'), jobs: [packageJob('api')] });
export const web = workflow('web', { on: changed('web'), jobs: [packageJob('web')] });
