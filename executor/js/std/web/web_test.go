package web_test

import (
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor/js/jstest"
	"github.com/kici-dev/kici-go/executor/js/std/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOutputIsNodes(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: console output is not compared")
	}
	for name, script := range map[string]string{
		"scalars":   `console.log(1, 'a', null, undefined, true, 10n, Symbol('x'), -0, NaN)`,
		"objects":   `console.log({a:1,b:{c:{d:{e:1}}}}, [1,'x',[2,[3,[4,[5]]]]], {}, [], {'a-b':1, [Symbol('s')]: 2})`,
		"quotes":    `console.log(["it's", 'a"b\'c', 'line\nbreak', '\x1b', 'ü€😀'])`,
		"classes":   `class A { x = 1; #p = 2; get y() { return 1 } }; class B extends A {}; console.log(new A, new B, A, B, class {}, () => {}, function f() {}, async () => {}, Object.create(null))`,
		"maps":      `console.log(new Map([['a',{b:1}],[1,2]]), new Set([1,'x']), new Map, new Set, new WeakMap)`,
		"long":      `console.log({first:'a fairly long string value', second:'another fairly long string value', third:'third'})`,
		"arrays":    `console.log(Array.from({length:120},(_, i) => i)); console.log([1,,3], new Array(3))`,
		"words":     `console.log(['alpha','beta','gamma','delta','epsilon','zeta','eta','theta','iota','kappa'])`,
		"circular":  `const o = {name:'o'}; o.self = o; console.log(o)`,
		"dates":     `console.log(new Date(0), [new Date(NaN)], /a+/gi, [/x/])`,
		"typed":     `console.log(new Uint8Array([1,2,3]), new ArrayBuffer(4), new Float64Array(2))`,
		"getters":   `console.log({get a() { return 1 }, set b(v) {}, get c() { return 1 }, set c(v) {}})`,
		"boxed":     `console.log(new Number(3), new String('abc'), new Boolean(false), Object(1n))`,
		"promises":  `console.log(Promise.resolve(4), new Promise(() => {}))`,
		"formats":   `console.log('%s is %d years and %i, %f, %j %o %O %% %c.', 'Bob', 42.5, 42.9, '1.5', {a:1}, [1], {b:{c:{}}}, 'css', 'extra')`,
		"fewer":     `console.log('%s %s', 'one'); console.log('100%', 5); console.log('%s', {a:{b:1}}, null)`,
		"group":     `console.group('G'); console.log('in\nside'); console.group(); console.log({a:1}); console.groupEnd(); console.groupEnd(); console.log('out')`,
		"counts":    `console.count(); console.count('x'); console.count(); console.countReset(); console.count()`,
		"table":     `console.table([{a:1,b:'x'},{a:2,c:true}]); console.table(['p','q']); console.table([[1,2],[3,4]])`,
		"dir":       `console.dir({a:{b:{c:{d:1}}}}, {depth:0})`,
		"iterators": `console.log([1].values(), new Map([[1,2]]).entries().toString())`,
		"url":       `console.log(new URL('https://u:p@example.org:8080/a/b?x=1&y=2#h')); console.log(new URLSearchParams('a=1&b=2'))`,
		"nested":    `console.log([{a:1,b:2},{a:3,b:4}], {list:[{x:[1,2,{y:1}]}]}, [[[[]]]], [[[[1]]]])`,
		"texts":     `console.log({t: 'a'.repeat(100)}, ['b'.repeat(90)])`,
		"args":      `(function () { console.log(arguments) })(1, 'b')`,
		"tags":      `console.log(globalThis[Symbol.toStringTag], Object.prototype.toString.call(process), {[Symbol.toStringTag]: 'T', a: 1})`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, err := exec.Command(node, "-e", script).Output()
			if err != nil {
				t.Fatal(err)
			}
			m := jstest.New(t, web.Modules(nil))
			if _, err := m.Eval(t, script); err != nil {
				t.Fatal(err)
			}
			if got := m.Output(); got != string(want) {
				t.Errorf("got:\n%swant:\n%s", got, strings.TrimSuffix(string(want), "\n"))
			}
		})
	}
}
