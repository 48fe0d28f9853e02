// Each export is one test; it throws to fail. Facts marked (zx) were recorded
// from zx 8.8.5.
import { createShell, ProcessOutput, ProcessPromise, quote } from 'kici:shell';

const $ = createShell();
const same = (got: unknown, want: unknown) => {
  const [g, w] = [JSON.stringify(got), JSON.stringify(want)];
  if (g !== w) throw new Error(`got ${g}\nwant ${w}`);
};
const fails = async (p: any): Promise<any> => {
  try { await p; } catch (e) { return e; }
  throw new Error('should have failed');
};

export async function interpolates() { // (zx)
  same((await $`printf '[%s]' ${[]} ${['a b', ['c', 'd e']]} ${null} ${undefined} ${1} ${''} ${{ a: 1 }} ${true}`).stdout,
    '[a b][c,d e][null][undefined][1][][[object Object]][true]');
  same((await $`printf '[%s]' a${'b c'}d`).stdout, '[ab cd]');
  same((await $`printf '[%s]' ${Promise.resolve('z z')} ${$`echo q r`} ${[Promise.resolve('x y')]}`).stdout, '[z z][q r][x y]');
  same((await $`printf '[%s]' ${await $`echo 'a b'`}`).stdout, '[a b]');
  same([quote("a'b"), quote('\u0001x'), quote('é'), quote('a\nb'), quote('%'), quote('a,b'), quote('~'), quote('a/b.c-d@e:f=g')],
    ["$'a\\'b'", "$'\u0001x'", "$'é'", "$'a\\nb'", "$'%'", "$'a,b'", "$'~'", 'a/b.c-d@e:f=g']);
}
export async function failure() { // (zx), but for the path of the site
  const e = await fails($`echo out; sleep 0.05; echo err >&2; exit 3`);
  if (!/^err\n\n    at .*shell\.ts.*:\d+:\d+\n    exit code: 3$/.test(e.message)) throw new Error(e.message);
  same([e.name, e.exitCode, e.signal, e.ok, e instanceof Error, e instanceof ProcessOutput, String(e), Object.keys(e)],
    ['Error', 3, null, false, true, true, 'out\nerr', []]);
  if (!/Error: err/.test(e.stack) || !/shell\.ts/.test(e.stack)) throw new Error(e.stack);
  const m = await fails($`no-such-command-here`);
  if (!/command not found/.test(m.message) || !/exit code: 127 \(Command not found\)$/.test(m.message)) throw new Error(m.message);
  const k = await fails($`kill -9 $$`);
  same([k.exitCode, k.signal], [null, 'SIGKILL']);
  if (!/exit code: null\n    signal: SIGKILL$/.test(k.message)) throw new Error(k.message);
}
export async function strict() {
  same((await $`echo $NOT_SET_ANYWHERE`.nothrow()).exitCode, 1);
  same((await $`false | true`.nothrow()).exitCode, 1);
}
export async function nothrow() { // (zx)
  const o = await $`printf 'a\nb\n'; exit 2`.nothrow();
  same([o.ok, o.lines(), `${o}`, o.text(), o.valueOf(), o.duration > 0, [...o]], [false, ['a', 'b'], 'a\nb', 'a\nb\n', 'a\nb', true, ['a', 'b']]);
  if (!/exit code: 2 \(Misuse of shell builtins\)\n    details: \na\nb$/.test(o.message)) throw new Error(o.message);
}
export async function readers() {
  same(await $`echo '{"a":1}'`.json(), { a: 1 });
  same(await $`printf 'x\ny'`.lines(), ['x', 'y']);
  same(await $`printf 'x y'`.lines(' '), ['x', 'y']);
  same(await $`printf hey`.text(), 'hey');
  // Between two streams there is the order in which they were read, and no other.
  const both = $`echo a; read -r _; echo b >&2; read -r _; echo c`;
  const answer = both.stdin; // taken now, or it would end when the command is awaited
  both.stdout.once('data', () => answer.write('\n'));
  both.stderr.once('data', () => answer.write('\n'));
  same((await both).stdall, 'a\nb\nc\n');
  same(await $`exit 7`.exitCode, 7);
  const got: string[] = [];
  for await (const l of $`printf 'x\ny\nz'`) got.push(l);
  same(got, ['x', 'y', 'z']);
  for await (const l of $`while :; do echo x; done`.nothrow()) { if (l) break; }
}
export async function buffers() {
  same((await $`echo a`.buffer()).length, 2);
  same((await $`printf '\\303\\251'`).text('latin1'), 'Ã©');
}
export async function input() {
  same((await $`cat`).stdout, ''); // nobody writes: end of file, no hang
  same((await $({ input: 'hey' })`cat`).stdout, 'hey');
  same((await $({ input: new Uint8Array([104, 105]) })`cat`).stdout, 'hi');
  same((await $`cat`.stdin('called')).stdout, 'called');
  const p = $`cat`;
  p.stdin.write('w');
  p.stdin.end('x');
  same((await p).stdout, 'wx');
  same((await $({ input: $`echo piped` })`cat`).stdout, 'piped\n');
  same((await $`true`.stdin('x'.repeat(1 << 20))).exitCode, 0); // closes without reading
}
export async function kills() {
  const e = await fails($`sleep 60 & wait`.timeout('50ms'));
  same([e.exitCode, e.signal], [null, 'SIGTERM']);
  const k = $`sleep 60`;
  k.kill('SIGKILL');
  same((await fails(k)).signal, 'SIGKILL');
  const a = $`sleep 60`;
  a.abort();
  same((await fails(a)).cause.code, 'ABORT_ERR');
  const ac = new AbortController();
  const s = $({ signal: ac.signal })`sleep 60`;
  ac.abort();
  same((await fails(s)).cause.name, 'AbortError');
  same((await fails($({ timeout: 30, timeoutSignal: 'SIGKILL' })`sleep 60`)).signal, 'SIGKILL');
  try { $`true`.timeout('soon'); throw new Error('took it'); } catch (e: any) { same(e.name, 'TypeError'); }
}
export async function options() {
  const s = $({ cwd: '/' });
  same((await s({ env: { X: '1' } })`pwd; echo $X`).lines(), ['/', '1']);
  same((await $`pwd`).stdout === '/\n', false);
  same((await $({ prefix: '' })`echo [$NOT_SET]`).stdout, '[]\n');
  same((await $({ shell: 'sh' })`echo $0`).stdout, 'sh\n');
  same((await $({ nothrow: true })`exit 4`).exitCode, 4);
  same((await $({ delimiter: ',' })`printf a,b`).lines(), ['a', 'b']);
  same([typeof $.nothrow, $.nothrow, $.verbose, $.quiet], ['boolean', false, false, false]);
  try { $({ ccwd: '/' } as any); throw new Error('took it'); } catch (e: any) { if (!/unknown option "ccwd"/.test(e.message)) throw e; }
  try { ($ as any)('text'); throw new Error('took it'); } catch (e: any) { same(e.name, 'TypeError'); }
}
export async function environment() {
  process.env.LIVE_ONE = 'x1';
  same((await $`echo $LIVE_ONE`).stdout, 'x1\n');
  delete process.env.LIVE_ONE;
  same((await $`echo [\${LIVE_ONE-}]`).stdout, '[]\n');
}
export async function sync() {
  same([$.sync`echo hi`.stdout, $({ sync: true })`echo ho`.text()], ['hi\n', 'ho\n']);
  try { $.sync`exit 4`; throw new Error('passed'); } catch (e: any) { same(e.exitCode, 4); }
  same($({ sync: true, nothrow: true })`exit 4`.exitCode, 4);
  same($({ sync: true, input: 'in' })`cat`.stdout, 'in');
  same($({ sync: true, timeout: 30, nothrow: true })`sleep 60`.signal, 'SIGTERM');
}
export async function pipes() {
  same((await $`printf 'b\na\n'`.pipe`sort`.pipe`head -1`).stdout, 'a\n');
  same((await fails($`exit 5`.pipe`cat`)).exitCode, 5);
  same((await $`exit 5`.nothrow().pipe`cat`).exitCode, 0);
  same((await $`echo x`.pipe($`cat`)).stdout, 'x\n');
  same((await $`yes`.pipe`head -1`).stdout, 'y\n'); // the left ends as in a shell
  same((await $`head -c 3000000 /dev/zero`.pipe`wc -c`).stdout.trim(), '3000000');
  same((await fails($`echo x`.pipe`exit 6`)).exitCode, 6);
  await $`echo filed`.pipe('piped.txt');
  same((await $`cat piped.txt`).stdout, 'filed\n');
}
export async function startErrors() { // (zx)
  const d = await fails($({ cwd: '/no/such/folder' })`ls`);
  same([d.cause.code, d.ok], ['ENOENT', false]);
  if (!/\/no\/such\/folder/.test(d.message)) throw new Error(d.message);
  same((await fails($({ shell: '/nope' })`ls`)).cause.code, 'ENOENT');
  same((await $({ shell: '/nope', nothrow: true })`ls`).ok, false);
}
export async function shape() {
  const p = $`sleep 0`;
  same([p.cmd, p.fullCmd, typeof p.pid, p.stage, p instanceof ProcessPromise, p instanceof Promise, String(p)],
    ['sleep 0', 'set -euo pipefail;sleep 0', 'number', 'running', true, true, '[object ProcessPromise]']);
  await p;
  same(p.stage, 'fulfilled');
}
export async function large() {
  const o = await $`head -c 300000 /dev/zero`.quiet();
  same(o.ok, true);
  try { o.stdout; throw new Error('read it'); } catch (e: any) { same(e.name, 'ProcessOutputTooLarge'); }
  // The pause lets the pipe be laid before there is more output than is kept.
  same((await $`sleep 0.3; head -c 3000000 /dev/zero`.quiet().pipe`wc -c`).stdout.trim(), '3000000');
}
// The left command has more output than is kept by the time it is read.
export async function late() {
  const named = async (run: () => Promise<unknown>) => {
    try { await run(); } catch (e: any) { const x = e.cause ?? e; return [x.name, /in the turn that starts/.test(x.message)]; }
    return 'nothing was thrown';
  };
  const want = ['ProcessOutputTooLarge', true];
  let n = 0;
  const held = async (use: (p: any) => Promise<unknown>) => {
    const printed = `printed-${++n}`;
    const p = $`head -c 300000 /dev/zero; touch ${printed}; sleep 0.3`.quiet().nothrow();
    await $`until test -e ${printed}; do sleep 0.01; done`;
    return use(p);
  };
  same(await named(() => held((p) => p.pipe`wc -c`)), want);
  same(await named(() => held((p) => p.pipe('late.txt'))), want);
  same(await named(() => held(async (p) => { for await (const _ of p) break; })), want);
  same((await $`test ! -e late.txt`.nothrow()).ok, true);
}
export async function hostile() {
  same((await $`exec >&- 2>&-; exit 0`).ok, true);
  same((await $`(sleep 20; echo late) & echo started`).stdout, 'started\n');
  same((await $`yes | head -c 250000 | wc -c`.nothrow()).stdout.trim(), '250000');
}
export async function unhandled() { $`exit 9`; await new Promise((r) => setTimeout(r, 500)); }
export async function prints() {
  await $`echo seen; echo warned >&2`;
  await $`echo hidden; echo hidden >&2`.quiet();
  await $`echo told`.verbose();
  await $`echo left`.pipe`cat >/dev/null`;
}
export async function many(n: number) { for (let i = 0; i < n; i++) await $`echo ${i}`; }
export async function flood(n: number) { await $`head -c ${n} /dev/zero`; }
export async function roundTrip(text: string) {
  return (await $({ quiet: true })`printf %s ${text}`).stdout;
}
export async function forever() { await $`trap '' TERM; while :; do sleep 0.01; done`; }
