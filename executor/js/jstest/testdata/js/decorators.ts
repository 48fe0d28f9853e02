import * as assert from 'node:assert';
const seen: string[] = [];
function note(value: any, context: any) { seen.push(context.kind + ':' + String(context.name)); return value; }
function twice(fn: any, _c: any) { return function (this: any, ...a: any[]) { return fn.apply(this, a) * 2; }; }
@note class A { @((_: any, c: any) => { seen.push(c.kind + ":" + c.name); }) field = 1; @twice run(n: number) { return n; } @note get g() { return 1; } }
assert.equal(new A().run(4), 8);
assert.same(seen.sort(), ['class:A', 'field:field', 'getter:g']);
