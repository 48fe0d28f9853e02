import * as assert from 'node:assert';
assert.ok(/^\p{L}+$/u.test('Straße'));
assert.ok(!/^\p{Lu}$/u.test('a'));
assert.ok(/\P{L}/u.test('1'));
assert.equal('2024-05'.replace(/(?<y>\d+)-(?<m>\d+)/, '$<m>/$<y>'), '05/2024');
assert.equal('price: 42€'.match(/(?<=: )\d+/)![0], '42');
assert.same([...'a1b2'.matchAll(/[a-z](\d)/g)].map((m) => m[1]), ['1', '2']);
