package expr

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// bound tells what was ended from what hangs: test machines are busy. How soon
// it was ended is BenchmarkHostile's, in make bench.
const bound = 5 * time.Second

type expected int

const (
	late expected = 1 << iota
	full
	thrown
	died
)

func outcome(err error) expected {
	var t *TimeoutError
	var m *MemoryError
	var x *ThrownError
	switch {
	case errors.As(err, &t):
		return late
	case errors.As(err, &m):
		return full
	case errors.As(err, &x):
		return thrown
	case errors.Is(err, ErrDied):
		return died
	}
	return 0
}

// hostile holds text and how it may end. Which limit is hit first depends on
// the machine where two are given.
func hostile() map[string]struct {
	expr string
	may  expected
} {
	return map[string]struct {
		expr string
		may  expected
	}{
		"endless loop":       {`() => { for (;;) {} }`, late},
		"endless catch":      {`() => { for (;;) { try { for (;;) {} } finally { continue } } }`, late},
		"lookahead":          {`() => String(/^(?=a)(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'))`, late},
		"lookahead of text":  {`() => String('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.match('^(?=a)(a+)+$'))`, late},
		"huge sort":          {`() => { let a = [1]; for (let i = 0; i < 24; i++) a = [...a, ...a]; return String(a.sort().length) }`, late | full},
		"long sort":          {`() => { const a = []; for (let i = 0; i < 1e6; i++) a.push('k' + i); return String(a.sort().length) }`, late | full},
		"doubling text":      {`() => { let s = 'xxxxxxxx'; for (;;) s += s }`, full | late},
		"doubling unicode":   {`() => { let s = 'üüüü'; for (;;) s += s }`, full | late},
		"doubling array":     {`() => { let a = [1]; for (;;) a = [...a, ...a] }`, full | late},
		"growing array":      {`() => { const a = []; for (;;) a.push({ a: [1, 2, 3] }, 'x' + a.length) }`, full | late},
		"repeat":             {`() => 'x'.repeat(2 ** 31)`, full},
		"repeat borrowed":    {`() => ''.repeat.apply('xx', [1e9])`, full},
		"pad":                {`() => 'x'.padEnd(2 ** 31)`, full},
		"join":               {`() => Array(1e9).join('x')`, full},
		"join of references": {`() => { const s = 'x'.repeat(1e6); return Array.from({ length: 1000 }, () => s).join('') }`, full | late},
		"fill":               {`() => String(Array(1e9).fill(1).length)`, full},
		"spread length":      {`() => String([...Array(1e9)].length)`, full | late},
		"map length":         {`() => String(Array(4e9).map((x) => x).length)`, full | late | thrown},
		"index walk":         {`() => String([].lastIndexOf.call({ length: 2 ** 52 }, 1))`, late},
		"replace all":        {`() => 'x'.repeat(1e6).replace(/x/g, 'y'.repeat(1e6))`, full | late},
		"split all":          {`() => String('x'.repeat(1e6).split('').map((x) => [x]).length)`, full | late},
		"concat":             {`() => { const s = 'x'.repeat(1e6); return ''.concat(...Array.from({ length: 1000 }, () => s)) }`, full | late},
		"template":           {"() => { const s = 'x'.repeat(1e6); let t = ''; for (;;) t = `${t}${s}${s}${s}${t}` }", full | late},
		"stringify":          {`() => JSON.stringify(Array.from({ length: 1000 }, () => 'x'.repeat(1e6)))`, full | late},
		"stringify deep":     {`() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return JSON.stringify(a) }`, full | late | died | thrown},
		"flat deep":          {`() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return String(a.flat(Infinity).length) }`, full | late | died | thrown},
		"text deep":          {`() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return String(a) }`, full | late | died | thrown},
		"recursion":          {`() => { const f = () => f() + 1; return f() }`, thrown | late},
		"recursion natively": {`() => { const f = () => [1].map(f); return f() }`, thrown | full | late},
		"getter recursion":   {`() => { const o = { get a() { return o.a } }; return o.a }`, thrown | late},
		"throwing getter":    {`() => ({ get A() { throw { get message() { throw 1 } } } })`, thrown},
		"endless getter":     {`() => ({ get A() { for (;;) {} } })`, late},
		"nested text":        {`() => ` + strings.Repeat("(", 30_000) + `1` + strings.Repeat(")", 30_000), full | late | died | thrown},
		"nested arrays":      {`() => ` + strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000), full | late | died | thrown},
		"climb":              {`(e) => e.constructor.constructor('for (;;) {}')()`, thrown},
		"climb the function": {`(e) => (() => 1).constructor('return process')()`, thrown},
		"climb async":        {`(e) => (async () => 1).constructor('for (;;) {}')()`, thrown},
		"spoil and loop":     {`(e) => { Object.prototype.toString = () => { for (;;) {} }; throw {} }`, thrown},
	}
}

// Every attack is over soon, fails as itself, keeps its worker within 128 MiB
// and leaves the next evaluation alone.
func TestHostile(t *testing.T) {
	t.Parallel()
	e := running(t, Options{Command: command(), Workers: 2})
	for name, c := range hostile() {
		t.Run(name, func(t *testing.T) { // one at a time, so that each has its time
			kind := Environment
			if strings.HasPrefix(c.expr, "() => ({") {
				kind = Env
			}
			a := attempt(t, e, Request{Kind: kind, Expression: c.expr, Event: json.RawMessage(push)})
			got, took, peak := ended(kind, a.answer, a.why, a.said), a.took, a.peak
			if outcome(got)&c.may == 0 {
				t.Errorf("ended as %v (%v)", got, a.why)
			}
			if took > bound {
				t.Errorf("took %v", took)
			}
			if peak > 128<<20 {
				t.Errorf("the worker had %d MiB", peak>>20)
			}
			t.Logf("%v, %d MiB: %v", took.Round(time.Millisecond), peak>>20, got)
		})
	}
}

// attack is what became of one evaluation in a worker of its own.
type attack struct {
	answer answer
	why    error
	said   string // by the worker
	took   time.Duration
	peak   int64 // bytes
}

// attempt evaluates in a fresh worker, and again in another when the machine
// was so busy that the worker had no time.
func attempt(t *testing.T, e *Evaluator, q Request) attack {
	t.Helper()
	for try := 1; ; try++ {
		w, err := start(t.Context(), e.launch)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		a, why := w.ask(q)
		took := time.Since(begin)
		w.proc.Kill()
		w.reap()
		if why == errStarved && try < 20 {
			continue
		}
		return attack{a, why, w.stderr.String(), took, peakOf(w)}
	}
}

// Through the front door, with a worker between every two attacks.
func TestHostileThenHonest(t *testing.T) {
	t.Parallel()
	e := running(t, Options{Command: command(), Workers: 2})
	for name, c := range hostile() {
		kind := Environment
		if strings.HasPrefix(c.expr, "() => ({") {
			kind = Env
		}
		if got, err := ask1(e, kind, c.expr); outcome(err)&c.may == 0 {
			t.Errorf("%s: got %.100s, %v", name, got, err)
		}
		if got, err := ask1(e, Environment, `(e) => e.targetBranch + typeof Object.prototype.leak`); got != `"mainundefined"` || err != nil {
			t.Errorf("after %s: got %s, %v", name, got, err)
		}
	}
}

func BenchmarkHostile(b *testing.B) {
	for _, name := range []string{"endless loop", "lookahead", "long sort", "doubling text", "growing array"} {
		b.Run(name, func(b *testing.B) {
			e := running(b, Options{Command: command(), Workers: 2})
			expr := hostile()[name].expr
			var worst time.Duration
			for b.Loop() {
				begin := time.Now()
				if _, err := ask1(e, Environment, expr); outcome(err) == 0 {
					b.Fatal(err)
				}
				worst = max(worst, time.Since(begin))
			}
			b.ReportMetric(float64(worst.Milliseconds()), "ms-worst")
		})
	}
}

// ended is what Evaluate would return.
func ended(kind Kind, a answer, why cause, said string) error {
	switch {
	case why == nil:
		return settled(kind, a).err
	case errors.Is(why, errLate), errors.Is(why, errStarved):
		return &TimeoutError{kind, Limit}
	case errors.Is(why, errFull):
		return &MemoryError{kind, heapLimit}
	}
	return gone(kind, said)
}
