import * as assert from 'node:assert';
function outer() { const inner = () => arguments.length; return inner(); }
assert.equal((outer as any)(1, 2, 3), 3);
function nested() { return [1].map(() => [2].map(() => arguments[0]))[0][0]; }
assert.equal((nested as any)('x'), 'x');
