import { workflow, job, dynamicJob, dynamicGroup } from '@kici-dev/sdk';

const run = async () => {};
const runsOn = 'default';
const wide = Array.from({ length: 17 }, (_, i) => String(i));

export default workflow('needs', {
  jobs: [
    dynamicJob('shards', () => []),
    job('build', { runsOn, run }),
    job('typo', { runsOn, needs: ['biuld'], run }),
    job('group', { runsOn, needs: ['shards', dynamicGroup('nobody')], run }),
    job('self', { runsOn, needs: ['self'], run }),
    job('a', { runsOn, needs: ['b'], run }),
    job('b', { runsOn, needs: ['c'], run }),
    job('c', { runsOn, needs: ['a'], run }),
    job('behind', { runsOn, needs: ['c'], run }),
    job('wide', { runsOn, matrix: { a: wide, b: wide }, exclude: [{ a: '1' }], run }),
  ],
});
