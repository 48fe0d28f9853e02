import { job, push, step, workflow } from '@kici-dev/sdk';

function inner(): never {
  throw Object.assign(new RangeError('it broke', { cause: new TypeError('because of this') }), { code: 7 });
}

function outer() {
  inner();
}

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('deep', () => outer()),
      ],
    }),
  ],
});
// expect: failed
// says: RangeError: it broke
// says: throw_error.ts:4
