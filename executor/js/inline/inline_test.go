package inline

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func limits() Limits { return Limits{Time: 50 * time.Millisecond, Heap: 64 << 20, Result: 256 << 10} }

// patient is for tests of something else than time: the race detector is slow.
func patient() Limits {
	l := limits()
	l.Time = 20 * time.Second
	return l
}

const event = `{"type":"push","action":null,"targetBranch":"main","n":3,"list":["a","b"],"payload":{"ref":"refs/heads/main","__proto__":{"x":1}}}`

func eval(t *testing.T, kind Kind, expression string) (string, error) {
	t.Helper()
	raw, err := Evaluate(Request{Kind: kind, Expression: expression, Event: []byte(event)}, patient())
	return string(raw), err
}

func TestValues(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		kind       Kind
		expr, want string
	}{
		"arrow":       {Environment, `(event) => event.targetBranch`, `"main"`},
		"function":    {ConcurrencyGroup, `function named(e) { return e.type + '-' + named.name; }`, `"push-named"`},
		"block":       {Environment, "(event) => {\n const p = event.payload.ref.split('/'); // last\n return p[p.length - 1];\n}", `"main"`},
		"comment":     {Environment, `(e) => e.type // why`, `"push"`},
		"nested":      {Environment, `({ list }) => list.map((x) => x.toUpperCase()).join('+')`, `"A+B"`},
		"regexp":      {Environment, `(e) => e.payload.ref.match(/^refs\/heads\/(.+)$/)[1]`, `"main"`},
		"template":    {Environment, "(e) => `${e.n}-${e.type}`", `"3-push"`},
		"unicode":     {Environment, `() => 'ü\u2028😀'`, `"ü\u2028😀"`},
		"padding":     {Environment, `(e) => String(e.n).padStart(3, '0') + 'ab'.repeat(2)`, `"003abab"`},
		"env":         {Env, `(e) => ({ B: e.targetBranch, A: e.n, T: true, U: undefined, N: e.action })`, `{"A":"3","B":"main","T":"true"}`},
		"spread":      {Env, `(e) => ({ ...(e.n > 2 ? { X: 'y' } : {}) })`, `{"X":"y"}`},
		"safe names":  {Environment, `(e) => encodeURIComponent(JSON.stringify(Object.keys({a: Math.max(1, 2)}))) + Number('1') + parseInt('2') + isNaN(NaN) + Array.isArray([])`, `"%5B%22a%22%5D12truetrue"`},
		"own proto":   {Environment, `(e) => JSON.stringify(e.payload)`, `"{\"ref\":\"refs/heads/main\",\"__proto__\":{\"x\":1}}"`},
		"its own":     {Environment, `(e) => Object.assign(e, { type: 'x' }).type`, `"x"`},
		"from":        {Environment, `() => Array.from({ length: 3 }, (_, i) => i).join('')`, `"012"`},
		"joins deep":  {Environment, `() => [1, [2, [3]]].join('-')`, `"1-2,3"`},
		"circular":    {Environment, `() => { const a = [1]; a.push(a); return a.join(); }`, `"1,"`},
		"concatenate": {Environment, `(e) => e.list.concat(['c']).reverse().sort().join()`, `"a,b,c"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := eval(t, c.kind, c.expr); got != c.want || err != nil {
				t.Errorf("got %s, %v; want %s", got, err, c.want)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		kind       Kind
		expr, want string
	}{
		"undefined":     {Environment, `(e) => e.none`, "must be a string, not undefined"},
		"null":          {ConcurrencyGroup, `(e) => e.action`, "must be a string, not null"},
		"number":        {Environment, `(e) => e.n`, "must be a string, not a number"},
		"boxed":         {Environment, `() => Object('x')`, "not a String object"},
		"promise":       {Environment, `async () => 'x'`, "not a promise"},
		"env array":     {Env, `(e) => e.list`, "must be an object of strings, not an array"},
		"env string":    {Env, `(e) => e.type`, "not a string"},
		"env promise":   {Env, `async () => ({ A: 'x' })`, "not a promise"},
		"env nested":    {Env, `(e) => ({ OK: 'a', A: { b: 1 } })`, `"A" is an object`},
		"env many":      {Env, `() => Object.fromEntries(Array.from({ length: 1001 }, (_, i) => ['K' + i, 'v']))`, "has 1001 variables"},
		"env getter":    {Env, `() => ({ get A() { throw 'boo'; } })`, "boo"},
		"huge":          {Environment, `() => 'x'.repeat(300000)`, "string of 300000 characters"},
		"huge env":      {Env, `() => ({ A: 'x'.repeat(200000), B: 'x'.repeat(200000) })`, "more than 262144"},
		"throws":        {Environment, `(e) => e.none.more`, "TypeError: Cannot read property 'more' of undefined"},
		"throws text":   {Environment, `() => { throw 'no ' + 1 }`, "no 1"},
		"throws thing":  {Environment, `() => { throw { code: 7 } }`, `{"code":7}`},
		"throws trap":   {Environment, `() => { throw { get message() { throw 1 } } }`, "a value that cannot be shown"},
		"throws much":   {Environment, `() => { throw 'x'.repeat(5000) }`, "…"},
		"syntax":        {Environment, `(e) => {`, "SyntaxError"},
		"two":           {Environment, `(e) => e, (f) => f`, "not a function"},
		"call":          {Environment, `((e) => e)()`, "not a function"},
		"closes":        {Environment, `(e) => e.type) }).call() }); eval('1'); (function () { return (0`, "SyntaxError"},
		"method":        {Environment, `f(e) { return 1 }`, "SyntaxError"},
		"empty":         {Environment, ``, "SyntaxError"},
		"date":          {Environment, `() => Date.now()`, "TypeError"},
		"random":        {Environment, `() => String(Math.random())`, "TypeError"},
		"eval":          {Environment, `() => eval('1')`, "TypeError"},
		"constructor":   {Environment, `(e) => e.constructor.constructor('return this')().Date`, "TypeError"},
		"async ctor":    {Environment, `(e) => (async () => {}).constructor('return 1')()`, "TypeError"},
		"generator":     {Environment, `(e) => (function* () {}).constructor('return 1')()`, "TypeError"},
		"native ctor":   {Environment, `(e) => [].map.constructor('return 1')()`, "TypeError"},
		"getter ctor":   {Environment, `(e) => Object.getOwnPropertyDescriptor({ get a() { return 1 } }, 'a').get.constructor('return 1')()`, "TypeError"},
		"this":          {Environment, `() => this.Date`, "TypeError"},
		"outer":         {Environment, `() => arguments[0].x`, "Error"},
		"global":        {Environment, `() => process.env.HOME`, "ReferenceError: process is not defined"},
		"undeclared":    {Environment, `() => { leaked = 1; return 'x' }`, "ReferenceError"},
		"recursion":     {Environment, `() => { const f = (n) => f(n + 1) + 1; return f(0) }`, "maximum call stack"},
		"array length":  {Environment, `() => { const a = []; a.length = -1; return 'x' }`, "RangeError"},
		"lone surrogat": {Environment, `() => { throw '\ud800' }`, "�"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := eval(t, c.kind, c.expr)
			var thrown *Thrown
			var misshapen *Misshapen
			if !errors.As(err, &thrown) && !errors.As(err, &misshapen) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %s, %v; want an error with %q", got, err, c.want)
			}
			if err != nil && len(err.Error()) > 2*maxMessage {
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
		})
	}
}

// The text says where its source map lies; the engine's parser would go there.
func TestNoFileIsRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "map.json")
	if err := os.WriteFile(path, []byte("no source map"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := eval(t, Environment, "(e) => e.type\n//# sourceMappingURL="+path)
	if got != `"push"` || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

// What one evaluation leaves behind the next one must not find.
func TestNothingStays(t *testing.T) {
	t.Parallel()
	spoil := `(e) => { Object.prototype.leak = 'x'; Array.prototype.join = () => 'x'; String.prototype.split = null; JSON.parse = null; e.constructor.leak = 'x'; return 'x' }`
	if got, err := eval(t, Environment, spoil); got != `"x"` || err != nil {
		t.Fatalf("got %s, %v", got, err)
	}
	got, err := eval(t, Environment, `(e) => String(e.leak) + Object.leak + e.payload.ref.split('/').join()`)
	if want := `"undefinedundefinedrefs,heads,main"`; got != want || err != nil {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		expr string
		want error
	}{
		"loop":        {`() => { for (;;) {} }`, ErrTime},
		"catch":       {`() => { for (;;) { try { for (;;) {} } catch (e) {} finally { continue } } }`, ErrTime},
		"sorting":     {`() => { const a = Array.from({ length: 300 }, (_, i) => i); for (;;) { a.sort((x, y) => y - x) } }`, ErrTime},
		"throws slow": {`() => { throw { get message() { for (;;) {} } } }`, ErrTime},
		"slow env":    {`() => ({ get A() { for (;;) {} } })`, ErrTime},
		"repeat":      {`() => 'x'.repeat(2 ** 31)`, ErrMemory},
		"repeat odd":  {`() => 'x'.repeat({ valueOf: () => 2 ** 31 })`, ErrMemory},
		"repeat this": {`() => String.prototype.repeat.call('xxxxxxxxxx', 1e6)`, ErrMemory},
		"pad":         {`() => 'x'.padStart(2 ** 31)`, ErrMemory},
		"pad end":     {`() => 'x'.padEnd(2 ** 31, 'ab')`, ErrMemory},
		"join":        {`() => Array(1e9).join('xxxx')`, ErrMemory},
		"join call":   {`() => [].join.call({ length: 1e9 }, 'x')`, ErrMemory},
		"concat":      {`() => { const s = 'x'.repeat(1e6); return s.concat(s, s) }`, ErrMemory},
		"fill":        {`() => Array(1e9).fill(0).length + ''`, ErrMemory},
		"from":        {`() => Array.from({ length: 1e9 }).length + ''`, ErrMemory},
		"uncatchable": {`() => { try { return 'x'.repeat(2 ** 31) } catch { return 'caught' } }`, ErrMemory},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Request{Kind: Environment, Expression: c.expr, Event: []byte(event)}
			if name == "slow env" {
				r.Kind = Env
			}
			l := limits()
			if errors.Is(c.want, ErrMemory) { // on a busy machine time may be short as well
				l = patient()
			}
			got, err := Evaluate(r, l)
			if !errors.Is(err, c.want) {
				t.Errorf("got %s, %v; want %v", got, err, c.want)
			}
		})
	}
}

// A payload of a megabyte costs nothing to a function that reads a branch, and
// little to one that reads a name in it.
func TestLargeEvents(t *testing.T) {
	t.Parallel()
	commit := `{"id":"0123456789abcdef","message":"hello","added":["a","b"]},`
	large := `{"type":"push","targetBranch":"main","payload":{"ref":"r","commits":[` + strings.Repeat(commit, 16_000) + `{}],"repository":{"name":"kici","full":"` + strings.Repeat("x", 5000) + `"}}}`
	for expr, want := range map[string]string{
		`(e) => e.targetBranch`:                                                          `"main"`,
		`(e) => e.payload.ref + e.payload.repository.name`:                               `"rkici"`,
		`(e) => Object.keys(e.payload).join()`:                                           `"ref,commits,repository"`,
		`(e) => { const { payload: p } = e; return p === e.payload ? 'same' : 'other' }`: `"same"`,
	} {
		got, err := Evaluate(Request{Kind: Environment, Expression: expr, Event: []byte(large)}, patient())
		if string(got) != want || err != nil {
			t.Errorf("%s: got %s, %v; want %s", expr, got, err, want)
		}
	}
	for _, raw := range []string{``, `{`, `nothing`, large[:len(large)-3]} {
		if _, err := Evaluate(Request{Kind: Environment, Expression: `(e) => 'x'`, Event: []byte(raw)}, limits()); !errors.Is(err, ErrEvent) {
			t.Errorf("%.10q: got %v, want ErrEvent", raw, err)
		}
	}
}

// A payload of a megabyte, of which the function reads a name.
func BenchmarkLargeEvent(b *testing.B) {
	commit := `{"id":"0123456789abcdef","message":"hello","added":["a","b"]},`
	large := `{"type":"push","payload":{"commits":[` + strings.Repeat(commit, 16_000) + `{}],"repository":{"name":"kici"}}}`
	b.SetBytes(int64(len(large)))
	for b.Loop() {
		if _, err := Evaluate(Request{Kind: Environment, Expression: `(e) => e.payload.repository.name`, Event: []byte(large)}, limits()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	r := Request{Kind: Environment, Expression: `(event) => { const p = event.targetBranch.split('/'); return p[p.length - 1]; }`, Event: []byte(event)}
	for b.Loop() {
		if _, err := Evaluate(r, limits()); err != nil {
			b.Fatal(err)
		}
	}
}
