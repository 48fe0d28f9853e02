import { workflow, job, push } from '@kici-dev/sdk';

export default workflow('ci', {
  on: push(),
  jobs: [job('a', { runsOn: 'default', run: async (ctx) => {
    async function* numbers() { yield 1; yield 2; }
    let sum = 0;
    for await (const n of numbers()) sum += n;
    class Counter { #n = 0; static start = 5; up() { return ++this.#n + Counter.start; } }
    function outer(this: unknown, ..._rest: number[]) { const inner = () => arguments.length; return inner(); }
    ctx.log.info(`${sum} ${new Counter().up()} ${outer(1, 2, 3)} ${/\p{L}+/u.exec('äöü1')?.[0]}`);
    ctx.log.info(`${Object.keys(Object.groupBy([1, 2, 3], (n) => (n % 2 ? 'odd' : 'even'))).join()} ${[3, 1, 2].toSorted().join('')} ${structuredClone({ a: 1 }).a} ${'a-b'.replaceAll('-', '+')} ${[1, 2].at(-1)}`);
  } })],
});
