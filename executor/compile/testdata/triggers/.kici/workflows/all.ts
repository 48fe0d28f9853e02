import * as k from '@kici-dev/sdk';

export default k.workflow('all', {
  on: [
    k.pr(), k.pr({ events: [], target: 'main', source: ['feat/**'], paths: ['a/**'] }), k.pr({ branches: ['x'], actions: ['opened'] }),
    k.push(), k.push({ tags: ['v*'] }), k.tag(), k.tag({ patterns: /v\d/, repos: 'a/b' }), k.tag({ tags: ['t*'] }),
    k.comment(), k.comment({ actions: ['created'], source: 'pr', bodyMatch: /^\/deploy/ }), k.comment({ bodyMatch: '/test*' }),
    k.review({ states: ['approved'] }), k.reviewComment(), k.release({ actions: ['published'] }), k.dispatch({ types: ['go'] }),
    k.create({ refTypes: ['tag'], patterns: 'v*' }), k.delete(), k.status({ contexts: ['ci/*'], states: ['success'] }),
    k.workflowRun({ workflows: ['CI'], conclusions: ['success'] }), k.fork(), k.star(), k.watch(),
    k.webhook({ events: ['deployment'], actions: ['x'] }),
    k.kiciEvent({ name: 'deployed', match: { '$.z': 1, '$.a': ['x', null] }, not: { '$.b': '/x/i' }, source: 'o/r' }),
    k.workflowComplete(), k.workflowComplete({ name: 'ci', status: ['failed'], source: 'o/r' }),
    k.jobComplete({ workflow: 'w', job: 'j', status: ['skipped'] }),
    k.genericWebhook({ source: 's' }),
    k.genericWebhook({ source: 's', events: ['paid'], match: { a: true }, auth: { method: 'hmac-sha256', secret: 'k', signatureHeader: 'x-sig' }, path: '/p' }),
    k.genericWebhook({ source: 's', auth: { method: 'api-key', secret: 'k', header: 'x-key' } }),
    k.schedule({ cron: '0 3 * * 1-5' }), k.schedule({ cron: '*/5 * * * *', timezone: 'Europe/Berlin', description: 'often' }),
    k.lifecycle({ events: ['job_failed'], sources: ['o/r'], description: 'd' }),
  ],
  jobs: [k.job('j', { runsOn: 'default', run: async () => {} })],
});
