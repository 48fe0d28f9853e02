// embedded only: Node 20 lacks half of these
import * as assert from 'node:assert';
const O: any = Object, M: any = Map, P: any = Promise, A: any = Array, I: any = (globalThis as any).Iterator;
assert.same(O.groupBy([1, 2, 3], (x: number) => (x % 2 ? 'odd' : 'even')), { odd: [1, 3], even: [2] });
assert.same([...M.groupBy([1, 2, 3], (x: number) => x % 2)], [[1, [1, 3]], [0, [2]]]);
const w = P.withResolvers(); w.resolve(3); assert.equal(await w.promise, 3);
await assert.rejects(P.try(() => { throw new Error('sync'); }), 'sync');
assert.same(await A.fromAsync([Promise.resolve(1), 2], (x: number) => x * 2), [2, 4]);
assert.same(await A.fromAsync((async function* () { yield 1; yield 2; })()), [1, 2]);
assert.same([1, 2, 3, 4].values().filter((x) => x % 2 === 0).map((x) => x * 10).toArray(), [20, 40]);
function* naturals() { let n = 0; try { for (;;) yield n++; } finally { closed = true; } }
let closed = false;
assert.same([...(naturals() as any).drop(2).take(2)], [2, 3]);
assert.ok(closed);
assert.equal((naturals() as any).find((x: number) => x > 5), 6);
assert.equal([1, 2, 3].values().reduce((a: number, b: number) => a + b), 6);
assert.throws(() => [].values().take(-1), 'RangeError');
assert.same(I.from({ next: (() => { let i = 0; return () => ({ done: i > 1, value: i++ }); })() }).toArray(), [0, 1]);
const ref = new WeakRef({ a: 1 }); assert.equal(ref.deref()!.a, 1);
new FinalizationRegistry(() => {}).register({}, 1);
assert.equal((1234567.891).toLocaleString(), '1,234,567.891');
assert.equal((1234.5).toLocaleString('en-US', { style: 'currency', currency: 'USD' }), '$1,234.50');
assert.equal(new Date(Date.UTC(2024, 0, 2, 15, 4, 5)).toLocaleString('en-US', { timeZone: 'UTC' }), '1/2/2024, 3:04:05 PM');
assert.equal(new Intl.NumberFormat('en-US').format(1e6), '1,000,000');
const e: any = {}; Error.captureStackTrace(e); assert.ok(e.stack.includes('polyfill.ts:'));
assert.ok(new Error('here').stack!.includes('polyfill.ts:26:11'));
