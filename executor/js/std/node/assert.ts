// assert: failures carry what was compared.
const { inspect } = require('kici:inspect');
import { isDeepEqual, isDeepStrictEqual } from './equal';

export class AssertionError extends Error {
  [k: string]: any;
  constructor(o: any) {
    super(o.message ?? `${inspect(o.actual)} ${o.operator} ${inspect(o.expected)}`);
    this.name = 'AssertionError';
    Object.assign(this, { generatedMessage: o.message === undefined, code: 'ERR_ASSERTION', actual: o.actual, expected: o.expected, operator: o.operator });
  }
}
function fail(actual: any, expected: any, message: any, operator: string, text: string): never {
  if (message instanceof Error) throw message;
  const e = new AssertionError({ message: message ?? text, actual, expected, operator });
  e.generatedMessage = message === undefined;
  throw e;
}
const diff = (head: string, a: any, b: any) => `${head}\n\n${inspect(a)}\n\nshould ${/not/i.test(head) ? 'not ' : ''}equal\n\n${inspect(b)}`;

function ok(this: any, ...args: any[]): void {
  const [v, m] = args;
  if (!v) fail(v, true, m, '==', args.length === 0 ? 'No value argument passed to `assert.ok()`' : 'The expression evaluated to a falsy value');
}
const api: any = {
  ok,
  equal(a: any, b: any, m?: any) { if (!(a == b || (a !== a && b !== b))) fail(a, b, m, '==', `${inspect(a)} == ${inspect(b)}`); },
  notEqual(a: any, b: any, m?: any) { if (a == b || (a !== a && b !== b)) fail(a, b, m, '!=', `${inspect(a)} != ${inspect(b)}`); },
  strictEqual(a: any, b: any, m?: any) { if (!Object.is(a, b)) fail(a, b, m, 'strictEqual', diff('Expected values to be strictly equal:', a, b)); },
  notStrictEqual(a: any, b: any, m?: any) { if (Object.is(a, b)) fail(a, b, m, 'notStrictEqual', `Expected "actual" to be strictly unequal to: ${inspect(b)}`); },
  deepEqual(a: any, b: any, m?: any) { if (!isDeepEqual(a, b)) fail(a, b, m, 'deepEqual', diff('Expected values to be loosely deep-equal:', a, b)); },
  notDeepEqual(a: any, b: any, m?: any) { if (isDeepEqual(a, b)) fail(a, b, m, 'notDeepEqual', `Expected "actual" not to be loosely deep-equal to: ${inspect(b)}`); },
  deepStrictEqual(a: any, b: any, m?: any) { if (!isDeepStrictEqual(a, b)) fail(a, b, m, 'deepStrictEqual', diff('Expected values to be strictly deep-equal:', a, b)); },
  notDeepStrictEqual(a: any, b: any, m?: any) { if (isDeepStrictEqual(a, b)) fail(a, b, m, 'notDeepStrictEqual', `Expected "actual" not to be strictly deep-equal to: ${inspect(b)}`); },
  match(s: any, r: RegExp, m?: any) { if (typeof s !== 'string' || !r.test(s)) fail(s, r, m, 'match', `The input did not match the regular expression ${r}. Input:\n\n${inspect(s)}\n`); },
  doesNotMatch(s: any, r: RegExp, m?: any) { if (typeof s === 'string' && r.test(s)) fail(s, r, m, 'doesNotMatch', `The input was expected to not match the regular expression ${r}. Input:\n\n${inspect(s)}\n`); },
  fail(m?: any) { fail(undefined, undefined, m, 'fail', 'Failed'); },
  ifError(e: any) { if (e !== null && e !== undefined) fail(e, null, undefined, 'ifError', `ifError got unwanted exception: ${e?.message ?? inspect(e)}`); },
  throws(fn: any, want?: any, m?: any) {
    let e: any, threw = false;
    try { fn(); } catch (x) { e = x; threw = true; }
    thrown(threw, e, want, m, 'throws', 'exception');
  },
  doesNotThrow(fn: any, m?: any) { try { fn(); } catch (e: any) { fail(e, undefined, typeof m === 'string' ? m : undefined, 'doesNotThrow', `Got unwanted exception.\nActual message: "${e?.message}"`); } },
  async rejects(p: any, want?: any, m?: any) {
    let e: any, threw = false;
    try { await (typeof p === 'function' ? p() : p); } catch (x) { e = x; threw = true; }
    thrown(threw, e, want, m, 'rejects', 'rejection');
  },
  async doesNotReject(p: any, m?: any) {
    try { await (typeof p === 'function' ? p() : p); } catch (e: any) { fail(e, undefined, typeof m === 'string' ? m : undefined, 'doesNotReject', `Got unwanted rejection.\nActual message: "${e?.message}"`); }
  },
};
function thrown(threw: boolean, e: any, want: any, m: any, op: string, noun: string): void {
  if (typeof want === 'string') [want, m] = [undefined, want];
  if (!threw) fail(undefined, want, m, op, `Missing expected ${noun}.`);
  if (want === undefined) return;
  if (want instanceof RegExp) {
    if (!want.test(String(e))) fail(e, want, m, op, `The input did not match the regular expression ${want}. Input:\n\n${inspect(String(e))}\n`);
  } else if (typeof want === 'function') {
    if (want.prototype !== undefined && e instanceof want) return;
    if (Error.isPrototypeOf(want) || want === Error) throw e;
    if (want.call({}, e) !== true) fail(e, want, m, op, `The validation function is expected to return "true".`);
  } else {
    for (const k of [...Object.keys(want), ...(want instanceof Error ? ['name', 'message'] : [])]) {
      const good = want[k] instanceof RegExp && typeof e?.[k] === 'string' ? want[k].test(e[k]) : isDeepStrictEqual(e?.[k], want[k]);
      if (!good) fail(e, want, m, op, diff('Expected values to be strictly deep-equal:', { [k]: e?.[k] }, { [k]: want[k] }));
    }
  }
}
const assert: any = Object.assign((...a: any[]) => ok(...a), api, { AssertionError });
const strict: any = Object.assign((...a: any[]) => ok(...a), api, {
  AssertionError, equal: api.strictEqual, notEqual: api.notStrictEqual, deepEqual: api.deepStrictEqual, notDeepEqual: api.notDeepStrictEqual,
});
assert.strict = strict;
strict.strict = strict;
module.exports = assert;
