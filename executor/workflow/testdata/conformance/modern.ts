import { job, push, step, workflow } from '@kici-dev/sdk';

const loaded = await Promise.resolve('top-level await');

export default workflow('w', {
  on: push(),
  jobs: [
    job('job', {
      runsOn: 'default',
      steps: [
        step('syntax', async () => {
          enum Kind { A, B = 'b' }
          class P { #x = 1; static s = 2; get x() { return this.#x; } }
          async function* gen() { yield 1; yield 2; }
          const seen: number[] = [];
          for await (const n of gen()) seen.push(n);
          console.log(Kind.A, Kind.B, new P().x, P.s, seen, loaded, [3, 1, 2].toSorted(), 'a-b'.replaceAll('-', '+'));
          console.log(Object.groupBy?.([1, 2, 3], (n: number) => (n % 2 ? 'odd' : 'even')) !== null);
          console.log(/(?<year>\d{4})/.exec('in 2026')?.groups?.year, structuredClone({ a: [1] }), 10n ** 3n);
          const { default: os } = await import('node:os');
          console.log(typeof os.tmpdir());
        }),
      ],
    }),
  ],
});
