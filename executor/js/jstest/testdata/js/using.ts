import * as assert from 'node:assert';
const log: string[] = [];
const open = (n: string) => ({ [Symbol.dispose]() { log.push(n); } });
{ using a = open('a'); using b = open('b'); log.push('body'); }
assert.same(log, ['body', 'b', 'a']);
{ await using c = { async [Symbol.asyncDispose]() { await null; log.push('c'); } }; }
assert.equal(log.at(-1), 'c');
assert.throws(() => { using x = { [Symbol.dispose]() { throw new Error('in dispose'); } }; }, 'in dispose');
