// embedded only: what a job's process looks like
import * as assert from 'node:assert';
assert.equal(process.env.HOME, '/home/tester');
process.env.NEW = 5 as any; assert.equal(process.env.NEW, '5'); assert.ok('NEW' in process.env); assert.ok(Object.keys(process.env).includes('NEW'));
delete process.env.NEW; assert.equal(process.env.NEW, undefined); assert.same({ ...process.env }, { HOME: '/home/tester' });
assert.throws(() => process.exit(3), 'process.exit(3)');
try { process.exit(4); } catch (e: any) { assert.equal(e.exitCode, 4); assert.equal(e.name, 'ProcessExit'); }
assert.ok(process.hrtime.bigint() > 0n && process.hrtime().length === 2 && process.uptime() >= 0);
assert.equal(process.stdout.isTTY, false); assert.ok(process.stdout.write('x')); assert.ok(process.memoryUsage().rss > 0);
assert.throws(() => process.chdir('/'), 'chdir'); assert.equal(global, globalThis);
assert.throws(() => eval('('.repeat(300000)), 'RangeError'); assert.throws(() => new Function('!'.repeat(300000) + '1'), 'RangeError');
assert.equal(new Function('a', 'b', 'return a + b')(1, 2), 3); assert.ok((() => {}) instanceof Function); assert.equal(eval('1 + 1'), 2);
