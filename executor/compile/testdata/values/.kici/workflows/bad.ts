import { workflow, job, step, push, schedule, kiciEvent, pr } from '@kici-dev/sdk';

const slow = step('slow', { timeout: -5, run: async () => {} });
const also = step('also', {
  retries: 3,
  timout: 5,
  run: async () => {},
});

export default workflow('bad', {
  on: [
    push({ paths: 'src/**', branches: ['a{b', ''] }),
    schedule({ cron: '99 99 * * *', timezone: 'Mars/Base' }),
    kiciEvent({ name: 'x', match: { '$[': 1 } }),
    pr({ branchs: ['main'], source: new RegExp('(?<year>\\d+)\\k<year>'), events: ['open'] }),
  ],
  jobz: [],
  jobs: [
    job('a', { runsOn: 'default', needs: ['b', 'nope', 'a', 'B1', { name: 'b', ifFailed: 'maybe' }], steps: [slow, also, slow] }),
    job('b', { runsOn: { labels: ['x'], exclude: ['x'] }, needs: ['a'], resources: { memory: '4Gi' }, timeout: 1e12, steps: [] }),
    job('b', { runsOn: [], matrix: { os: [] }, gracePeriod: Infinity, steps: [] }),
    job('', { runsOn: 'default', matrix: 'os' as any, timeout: NaN, init: { run: ' ' }, run: async () => {} }),
  ],
} as any);
