import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('string', { continueOnError: true, run: () => { throw 'just text'; } }),
        step('object', { continueOnError: true, run: async () => { throw { code: 5 }; } }),
        step('undefined', { continueOnError: true, run: () => { throw undefined; } }),
        step('aggregate', { continueOnError: true, run: () => Promise.any([Promise.reject(new Error('a'))]).catch((e) => { throw new Error(e.errors[0].message); }) }),
        step('rejected', { continueOnError: true, run: () => Promise.reject(new RangeError('no')) }),
      ],
    }),
  ],
});
// says: just text
// says: {"code":5}
