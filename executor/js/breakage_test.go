package js_test

import (
	"context"
	"testing"

	"github.com/kici-dev/kici-go/executor/js"
)

// Each check is true on Node. Those recorded as broken are what the engine
// gets wrong when it meets the text as it is; the bundler repairs most. A check
// that changes sides fails the test, so the record cannot rot.
func TestRecordedBreakage(t *testing.T) {
	t.Parallel()
	for check, broken := range map[string]bool{
		`(function () { return (() => arguments[0])() })(7) === 7`:                true,
		`(function () { return [0].map(() => arguments.length)[0] })(1, 2) === 2`: true,
		`/^\p{L}$/u.test('ü')`: true,
		`(() => { try { (function f() { f() })() } catch (e) { return true } })()`:       true,
		`typeof (async function* () {})().next === 'function'`:                           true,
		`new RegExp('[a--b]', 'v') instanceof RegExp`:                                    true,
		`new RegExp('a', 'd').exec('a').indices[0][1] === 1`:                             true,
		`/(?<y>\d{4})/.exec('2024').groups.y === '2024'`:                                 false,
		`'x'.replaceAll('x', 'y') === 'y'`:                                               false,
		`/(?<=a)b/.test('ab')`:                                                           false,
		`new Set([1]).union(new Set([2])).size === 2`:                                    false,
		`[..."a😀"].length === 2`:                                                         false,
		`2n ** 64n === 18446744073709551616n`:                                            false,
		`structuredCloneAbsent = typeof structuredClone === 'undefined'`:                 false,
		`Object.getOwnPropertyNames(class { static #x; }).includes('#x') === false`:      false,
		`(() => { label: { break label } return true })()`:                               false,
		`new Error('a', { cause: 'b' }).cause === 'b'`:                                   false,
		`[3, 1, 2].toSorted().join() === '1,2,3'`:                                        false,
		`new Proxy(function () {}, {}) instanceof Function`:                              false,
		`({}) instanceof new Proxy(Object, {})`:                                          true,
		`Uint8Array.from('12', Number)[1] === 2`:                                         true,
		`typeof WeakRef === 'function'`:                                                  true,
		`typeof Intl === 'object'`:                                                       true,
		`'\u00e9'.normalize('NFD').length === 2`:                                         false,
		`JSON.stringify({ a: [1, { b: undefined }] }) === '{"a":[1,{}]}'`:                false,
		`new Date(Date.UTC(2024, 1, 29)).toISOString() === '2024-02-29T00:00:00.000Z'`:   false,
		`Array.from({ length: 3 }, (_, i) => i).flatMap((x) => [x, x]).length === 6`:     false,
		`(() => { const { a = 1, ...r } = { b: 2 }; return a === 1 && r.b === 2 })()`:    false,
		`new (class { accessor = 1 })().accessor === 1`:                                  false,
		`Reflect.ownKeys({ b: 1, 2: 1, a: 1, 1: 1 }).join() === '1,2,b,a'`:               false,
		`parseFloat('1e1000') === Infinity && (0.1).toFixed(20).startsWith('0.1000000')`: false,
	} {
		t.Run(check, func(t *testing.T) {
			t.Parallel()
			vm := start(t, js.Config{Modules: map[string]js.Module{}})
			works := false
			if p, err := js.Compile("check", []byte("exports.f = () => "+check), nil); err == nil {
				if o, err := vm.Load(context.Background(), p); err == nil {
					v, err := vm.Invoke(context.Background(), o, "f")
					works = err == nil && string(v) == "true"
				}
			}
			if works == broken {
				t.Errorf("works: %v, recorded as broken: %v", works, broken)
			}
		})
	}
}
