import { workflow, job, step, push, rule, skip, z, dynamicJob, dynamicGroup } from '@kici-dev/sdk';
import { deployStep } from '../lib/steps.js';

enum Stage { Blue = 'blue', Green = 'green' }

const build = job('build', {
  runsOn: ['linux', 'x64'],
  description: 'makes it',
  checkout: false,
  timeout: 600_000,
  gracePeriod: 30,
  matrix: { os: ['linux', 'mac'], arch: ['x64', 'arm64'] },
  include: [{ os: 'windows', arch: 'x64' }],
  exclude: [{ os: 'mac', arch: 'x64' }],
  rules: [rule('always', () => true), skip('drafts', async () => false)],
  cache: { key: 'deps', paths: ['node_modules'], restoreKeys: ['de'] },
  container: { image: 'node:22', env: { CI: '1' } },
  environment: (event) => (event.type === 'pull_request' ? 'preview' : 'production'),
  env: { B: '2', A: '1' },
  concurrencyGroup: 'builds',
  resources: { memory: '2g', cpus: 2 },
  init: { run: 'npm ci' },
  onCancel: async () => {},
  cleanup: async () => {},
  onSuccess: async () => {},
  onFailure: async () => {},
  beforeStep: async () => {},
  afterStep: async () => {},
  steps: [
    step('compile', {
      outputs: { version: z.string() },
      timeout: 1000,
      continueOnError: true,
      rules: [rule('main only', () => true)],
      cache: [{ key: 'a', paths: ['x'] }, { key: 'b', paths: ['y'] }],
      onCancel: async () => {},
      cleanup: async () => {},
      run: async () => ({ version: '1' }),
    }),
    deployStep('deploy', Stage.Blue),
    async () => {},
    step(async () => {}),
  ],
});

export default workflow('full', {
  description: 'every field there is',
  on: push({ branches: ['main', /^release\/\d+$/i], tags: 'v*', paths: ['src/**', '!docs/**'], repos: ['acme/*'] }),
  rules: [rule('weekdays', () => true)],
  hashFiles: ['config/*.json', 'nothing/here.txt'],
  registries: [{ url: 'https://npm.acme.dev/', scope: '@acme', tokenSecret: 'prod:NPM' }, { url: 'https://r.dev/', tokenSecret: 'a:B', alwaysAuth: false }],
  installEnv: ['prod:TOKEN'],
  onCancel: async () => {},
  cleanup: async () => {},
  onSuccess: async () => {},
  onFailure: async () => {},
  concurrency: { group: () => 'x', cancelInProgress: false, max: 2 },
  timeout: 3_600_000,
  jobs: [
    build,
    dynamicJob('shards', async () => []),
    () => [],
    job('report', {
      runsOn: { labels: 'linux', exclude: ['slow'] },
      needs: [build, { name: 'build', ifFailed: 'run' }, dynamicGroup('shards', { ifFailed: 'run' }), { group: 'shards' }],
      matrix: async () => ['a'],
      rules: [],
      init: false,
      run: async () => {},
    }),
  ],
});
