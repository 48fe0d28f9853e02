import { job, push, step, workflow } from '@kici-dev/sdk';

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('print', () => {
          console.log('%s is %d', 'x', 5, { a: [1, { b: { c: {} } }], s: 'q', u: undefined });
          console.info(['a', 1, null], new Map([['k', 1]]), new Set([1]), Symbol('s'), 5n, () => 1);
          console.debug('debug');
          console.warn('warned');
          console.group('group');
          console.log('inside');
          console.groupEnd();
          console.count();
          console.count();
          console.assert(false, 'assertion');
          process.stdout.write('no newline');
          process.stdout.write(' then one\n');
          process.stderr.write(Buffer.from('bytes\n'));
          console.log();
          console.log('multi\nline', true, -0, 1.5, new Error('shown').message);
        }),
      ],
    }),
  ],
});
