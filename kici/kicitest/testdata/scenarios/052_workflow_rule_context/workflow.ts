import { workflow, job, push, rule } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  rules: [
    rule('event', (ctx) => ctx.event.type === 'push' && ctx.event.targetBranch === 'main'),
    rule('changed', (ctx) => ctx.changedFiles.includes('src/a.ts')),
    rule('env', (ctx) => typeof ctx.env.PATH === 'string'),
  ],
  jobs: [job('a', { runsOn: 'default', run: async () => {} })],
});
