import assert from 'node:assert/strict';
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import readline from 'node:readline';
const eq = assert.strictEqual;
const root = fs.mkdtempSync(path.join(os.tmpdir(), 'kici-fs-'));
const at = (...p: string[]) => path.join(root, ...p);
try {
  fs.writeFileSync(at('a'), 'one'); fs.appendFileSync(at('a'), '\ntwo'); eq(fs.readFileSync(at('a'), 'utf8'), 'one\ntwo'); assert.ok(Buffer.isBuffer(fs.readFileSync(at('a'))));
  eq(fs.mkdirSync(at('d/e/f'), { recursive: true }), at('d')); eq(fs.mkdirSync(at('d'), { recursive: true }), undefined);
  await fsp.writeFile(at('d/e/g.txt'), Buffer.from('g')); eq(await fsp.readFile(at('d/e/g.txt'), { encoding: 'utf8' }), 'g');
  assert.deepStrictEqual(fs.readdirSync(root).sort(), ['a', 'd']);
  assert.deepStrictEqual((await fsp.readdir(root, { recursive: true })).sort(), ['a', 'd', 'd/e', 'd/e/f', 'd/e/g.txt']);
  assert.deepStrictEqual((await fsp.readdir(root, { withFileTypes: true })).map((x) => [x.name, x.isFile(), x.isDirectory()]).sort(), [['a', true, false], ['d', false, true]]);
  const st = await fsp.stat(at('a')); eq(st.size, 7); eq(st.isFile(), true); assert.ok(st.mtime instanceof Date); assert.ok(Math.abs(st.mtimeMs - Date.now()) < 60000);
  fs.chmodSync(at('a'), 0o600); eq(fs.statSync(at('a')).mode & 0o777, 0o600);
  fs.symlinkSync('a', at('l')); eq(fs.readlinkSync(at('l')), 'a'); eq(fs.lstatSync(at('l')).isSymbolicLink(), true); eq(fs.realpathSync(at('l')), fs.realpathSync(at('a')));
  fs.copyFileSync(at('a'), at('b')); fs.renameSync(at('b'), at('c')); eq(fs.existsSync(at('b')), false); eq(fs.existsSync(at('c')), true);
  fs.cpSync(at('d'), at('d2'), { recursive: true }); eq(fs.readFileSync(at('d2/e/g.txt'), 'utf8'), 'g');
  fs.truncateSync(at('c'), 3); eq(fs.readFileSync(at('c'), 'latin1'), 'one'); fs.utimesSync(at('c'), 1, 2); eq(fs.statSync(at('c')).mtimeMs, 2000);
  for (const [fn, want] of [
    [() => fs.readFileSync(at('no')), { code: 'ENOENT', syscall: 'open', errno: -2, path: at('no'), message: `ENOENT: no such file or directory, open '${at('no')}'` }],
    [() => fs.readFileSync(at('d')), { code: 'EISDIR', syscall: 'read' }],
    [() => fs.mkdirSync(at('d')), { code: 'EEXIST', syscall: 'mkdir', message: `EEXIST: file already exists, mkdir '${at('d')}'` }],
    [() => fs.rmdirSync(at('d')), { code: 'ENOTEMPTY', syscall: 'rmdir', message: `ENOTEMPTY: directory not empty, rmdir '${at('d')}'` }],
    [() => fs.readdirSync(at('a')), { code: 'ENOTDIR', syscall: 'scandir' }], [() => fs.accessSync(at('no')), { code: 'ENOENT', syscall: 'access' }],
    [() => fs.renameSync(at('no'), at('x')), { code: 'ENOENT', syscall: 'rename', dest: at('x'), message: `ENOENT: no such file or directory, rename '${at('no')}' -> '${at('x')}'` }],
    [() => fs.statSync(at('no')), { code: 'ENOENT', syscall: 'stat' }], [() => fs.rmSync(at('no')), { code: 'ENOENT' }], [() => fs.writeFileSync(at('c'), 'x', { flag: 'wx' }), { code: 'EEXIST', syscall: 'open' }],
    [() => fs.readFileSync({} as any), { code: 'ERR_INVALID_ARG_TYPE' }], [() => fs.readFileSync('a\0b'), { code: 'ERR_INVALID_ARG_VALUE' }],
  ] as [() => unknown, any][]) assert.throws(fn, want);
  await assert.rejects(fsp.readFile(at('no')), { code: 'ENOENT', syscall: 'open' });
  eq(fs.statSync(at('no'), { throwIfNoEntry: false }), undefined); fs.rmSync(at('no'), { force: true });
  eq(await promisify(fs.readFile)(at('c'), 'utf8' as any), 'one');
  const fd = fs.openSync(at('o'), 'w+'); eq(fs.writeSync(fd, 'hello'), 5); const b = Buffer.alloc(3); eq(fs.readSync(fd, b, 0, 3, 1), 3); eq(b.toString(), 'ell'); eq(fs.fstatSync(fd).size, 5); fs.closeSync(fd);
  assert.throws(() => fs.closeSync(fd + 1000), { code: 'EBADF' });
  const h = await fsp.open(at('o'), 'r'); eq((await h.readFile('utf8')), 'hello'); await h.close();
  const lines: string[] = [];
  await pipeline(fs.createReadStream(at('a')), fs.createWriteStream(at('copy'))); eq(fs.readFileSync(at('copy'), 'utf8'), 'one\ntwo');
  for await (const l of readline.createInterface({ input: fs.createReadStream(at('a')) })) lines.push(l);
  assert.deepStrictEqual(lines, ['one', 'two']);
  let all = ''; for await (const c of fs.createReadStream(at('a'), { encoding: 'utf8', start: 1, end: 4 })) all += c; eq(all, 'ne\nt');
  await assert.rejects(pipeline(fs.createReadStream(at('no')), new PassThrough()), { code: 'ENOENT' });
} finally { fs.rmSync(root, { recursive: true, force: true }); }
eq(fs.existsSync(root), false);
