import { isEventType, job, pr, push, rule, skip, step, workflow } from '@kici-dev/sdk';

const build = job('build', {
  runsOn: 'default',
  steps: [
    step('compile', async ({ $ }) => {
      await $`cat src/main.txt`;
    }),
    step('announce', {
      rules: [rule('only on main', (ctx) => ctx.event.targetBranch === 'main')],
      run: async ({ log }) => log.info('built on main'),
    }),
    step('describe the pull request', {
      rules: [rule('pull requests only', (ctx) => isEventType(ctx.event, 'pull_request'))],
      run: async ({ rawPayload, log }) => log.info(`pull request ${rawPayload?.number}`),
    }),
  ],
});

const publish = job('publish', {
  runsOn: 'default',
  needs: [build],
  rules: [
    rule('a push', (ctx) => isEventType(ctx.event, 'push')),
    rule('VERSION is released', async ({ $ }) => !(await $`cat VERSION`).stdout.includes('-dev')),
  ],
  run: async ({ $ }) => {
    await $`echo publishing $(cat VERSION)`;
  },
});

export default workflow('rules', {
  on: [push(), pr()],
  rules: [
    skip('drafts', ({ event }) => isEventType(event, 'pull_request') && event.payload.pull_request.draft === true),
  ],
  jobs: [build, publish],
});
