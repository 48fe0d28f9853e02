import * as assert from 'node:assert';
enum Colour { Red, Green = 5, Blue }
const enum Flag { A = 1, B = A << 1 }
assert.equal(Colour.Blue, 6);
assert.equal(Colour[5], 'Green');
assert.equal(Flag.B, 2);
namespace Space { export const inside = 1; export namespace Deep { export const more = inside + 1; } }
assert.equal(Space.Deep.more, 2);
class P { #x = 1; static #n = 0; static { P.#n = 7; } get x() { return this.#x; } static n() { return P.#n; } has(o: object) { return #x in o; } accessor y = 3; }
assert.equal(new P().x, 1);
assert.equal(P.n(), 7);
assert.ok(new P().has(new P()) && !new P().has({}));
assert.equal(new P().y, 3);
class Q { constructor(public a: number, readonly b = 2) {} }
assert.same(new Q(1), { a: 1, b: 2 });
const o: any = { a: null };
o.a ??= 4; o.b ||= 5; o.a &&= 6;
assert.same(o, { a: 6, b: 5 });
assert.equal(o?.x?.y?.(), undefined);
assert.equal(2n ** 70n, 1180591620717411303424n);
assert.equal(1_000, 1000);
label: for (const i of [1, 2]) { for (;;) { if (i === 1) continue label; break label; } }
assert.equal(((x: unknown) => x satisfies unknown as number)(3), 3);
const tag = (s: TemplateStringsArray, ...v: any[]) => s.raw.join('|') + v.join(',');
assert.equal(tag`a\n${1}b${2}`, 'a\\n|b|1,2');
const { a, ...rest } = { a: 1, b: 2, c: 3 };
assert.same([a, rest], [1, { b: 2, c: 3 }]);
try { throw 1 } catch { assert.ok(true) }
assert.same([3, 1, 2].toSorted(), [1, 2, 3]);
assert.equal([1, 2, 3].at(-1), 3);
assert.equal([1, 2, 3].findLast((x) => x < 3), 2);
assert.same([1, 2, 3].with(0, 9), [9, 2, 3]);
assert.equal(new Error('x', { cause: 1 }).cause, 1);
