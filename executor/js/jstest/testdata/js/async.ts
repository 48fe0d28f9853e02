import * as assert from 'node:assert';
async function* count(n: number) { try { for (let i = 0; i < n; i++) { await null; yield i; } } finally { log.push('closed'); } }
const log: string[] = [];
const seen: number[] = [];
for await (const i of count(5)) { if (i === 3) break; seen.push(i); }
assert.same(seen, [0, 1, 2]);
assert.same(log, ['closed']);
for await (const v of [Promise.resolve('p'), 'q']) log.push(v);
assert.same(log, ['closed', 'p', 'q']);
class Source { async *[Symbol.asyncIterator]() { yield 1; yield 2; } }
const got: number[] = []; for await (const v of new Source()) got.push(v); assert.same(got, [1, 2]);
const order: string[] = [];
queueMicrotask(() => order.push('micro'));
setTimeout(() => order.push('timer'), 0);
await null;
order.push('after');
await new Promise((r) => setTimeout(r, 5));
assert.same(order, ['micro', 'after', 'timer']);
await assert.rejects(Promise.any([Promise.reject(new Error('a'))]), 'AggregateError');
