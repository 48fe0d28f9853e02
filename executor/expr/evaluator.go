package expr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/executor/js/inline"
	"github.com/kici-dev/kici-go/executor/runner"
)

// Kind names the field a function stands in.
type Kind = inline.Kind

// The fields that a lock file may hold as a function.
const (
	Environment      = inline.Environment
	ConcurrencyGroup = inline.ConcurrencyGroup
	Env              = inline.Env
)

// What an evaluation may use.
const (
	Limit         = 50 * time.Millisecond
	MaxExpression = 64 << 10
	MaxEvent      = 4 << 20
)

// Request is one evaluation.
type Request struct {
	Kind       Kind
	Expression string          // text of the function, as in the lock file
	Event      json.RawMessage // the normalised envelope
}

// Options of an Evaluator.
type Options struct {
	// Command starts a worker; of its environment only what a program needs to
	// start at all is passed on.
	Command runner.Command
	Workers int // started ahead and kept; 0 means 2
	// Wait is how long an evaluation waits for a free worker; 0 means 10 s.
	Wait time.Duration
	Log  *slog.Logger // default: discard
}

// Evaluator evaluates pure functions in workers.
type Evaluator struct {
	launch  runner.Launcher
	workers int
	wait    time.Duration
	log     *slog.Logger
	tasks   chan *task
	ready   chan struct{} // closed with the first worker
	once    sync.Once
	done    chan struct{} // closed when Run has ended

	mu   sync.Mutex // guards last
	last error      // why no worker could be started, lately
}

type task struct {
	request Request
	result  chan result // one slot, so that a caller may be gone
}

type result struct {
	value json.RawMessage
	err   error
}

// New makes an Evaluator. It starts nothing.
func New(o Options) *Evaluator {
	if o.Workers <= 0 {
		o.Workers = 2
	}
	if o.Wait <= 0 {
		o.Wait = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Command.Environ = bare(o.Command.Environ)
	return &Evaluator{
		launch: o.Command.Launcher(WorkerArg), workers: o.Workers, wait: o.Wait, log: o.Log.With("room", "expr"),
		tasks: make(chan *task), ready: make(chan struct{}), done: make(chan struct{}),
	}
}

// bare is the environment of a worker: nothing that strangers' text could want.
// A crash is told in one line.
func bare(environ []string) []string {
	out := []string{"GOTRACEBACK=none"}
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if strings.EqualFold(name, "SystemRoot") || name == runner.DepthName {
			out = append(out, kv)
		}
	}
	return out
}

// Run owns the workers: it starts them, replaces the ones that are spent, and
// returns when ctx has ended and all are gone. It may be called once.
func (e *Evaluator) Run(ctx context.Context) error {
	defer close(e.done)
	var keepers sync.WaitGroup
	for range e.workers {
		keepers.Go(func() { e.keep(ctx) })
	}
	keepers.Wait()
	return nil
}

// Ready is closed when the first worker can be asked.
func (e *Evaluator) Ready() <-chan struct{} { return e.ready }

const (
	retryFirst = 100 * time.Millisecond
	retryMost  = 5 * time.Second
)

// keep sees to it that there is a worker until ctx ends.
func (e *Evaluator) keep(ctx context.Context) {
	pause := retryFirst
	for ctx.Err() == nil {
		w, err := start(ctx, e.launch)
		e.note(err)
		if err == nil {
			pause = retryFirst
			e.once.Do(func() { close(e.ready) })
			e.serve(ctx, w)
			continue
		}
		if ctx.Err() != nil {
			return
		}
		e.log.Warn("an expression worker did not start", "error", err, "again", pause)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
		pause = min(2*pause, retryMost)
	}
}

func (e *Evaluator) note(err error) {
	e.mu.Lock()
	e.last = err
	e.mu.Unlock()
}

// serve hands the worker one task after the other, until it is spent.
func (e *Evaluator) serve(ctx context.Context, w *worker) {
	for {
		select {
		case <-ctx.Done():
			w.dismiss()
			return
		case <-w.proc.Done():
			w.reap()
			e.log.Warn("an idle expression worker ended", "error", w.proc.Err(), "said", w.stderr.String())
			return
		case t := <-e.tasks:
			if !e.work(w, t) {
				return
			}
		}
	}
}

// work does one task and reports whether the worker can do more.
func (e *Evaluator) work(w *worker, t *task) bool {
	kind := t.request.Kind
	a, why := w.ask(t.request)
	if why == nil {
		t.result <- settled(kind, a)
		if a.Fate != fateTime && a.Fate != fateMemory {
			return true
		}
		w.proc.Kill()
		w.reap()
		return false
	}
	w.proc.Kill()
	switch {
	case errors.Is(why, errLate):
		t.result <- result{err: &TimeoutError{kind, Limit}}
		w.reap()
	case errors.Is(why, errFull):
		t.result <- result{err: &MemoryError{kind, heapLimit}}
		w.reap()
	case errors.Is(why, errStarved):
		t.result <- result{err: errStarved}
		w.reap()
	default: // only when it is reaped is everything read that it said
		w.reap()
		t.result <- result{err: gone(kind, w.stderr.String())}
	}
	return false
}

func gone(kind Kind, said string) error {
	if ranOut(said) {
		return &MemoryError{kind, heapLimit}
	}
	return &DiedError{kind, said}
}

func settled(kind Kind, a answer) result {
	switch a.Fate {
	case fateValue:
		return result{value: a.Value}
	case fateTime:
		return result{err: &TimeoutError{kind, Limit}}
	case fateMemory:
		return result{err: &MemoryError{kind, heapLimit}}
	case fateThrown:
		return result{err: &ThrownError{kind, a.Message}}
	case fateShape:
		return result{err: &ValueError{kind, a.Message}}
	default:
		return result{err: fmt.Errorf("expr: %s: %s", kind, a.Message)}
	}
}

// tries is how often an evaluation begins whose worker got no processor.
const tries = 3

// Evaluate has the function called on the event. The value is a JSON string,
// for Env an object of strings; every error names the field.
func (e *Evaluator) Evaluate(ctx context.Context, r Request) (json.RawMessage, error) {
	switch r.Kind {
	case Environment, ConcurrencyGroup, Env:
	default:
		return nil, fmt.Errorf("expr: no field of a job is called %q", r.Kind)
	}
	if n := len(r.Expression); n > MaxExpression {
		return nil, &TooLargeError{r.Kind, "the function", n, MaxExpression}
	}
	if n := len(r.Event); n > MaxEvent {
		return nil, &TooLargeError{r.Kind, "the event", n, MaxEvent}
	}
	var err error
	for range tries {
		var value json.RawMessage
		if value, err = e.try(ctx, r); !errors.Is(err, errStarved) {
			return value, err
		}
	}
	return nil, fmt.Errorf("%s: %w: the machine is too busy to evaluate", r.Kind, ErrUnavailable)
}

func (e *Evaluator) try(ctx context.Context, r Request) (json.RawMessage, error) {
	t := &task{request: r, result: make(chan result, 1)}
	timer := time.NewTimer(e.wait)
	defer timer.Stop()
	select {
	case e.tasks <- t:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-e.done:
		return nil, ErrClosed
	case <-timer.C:
		e.mu.Lock()
		last := e.last
		e.mu.Unlock()
		if last != nil {
			return nil, fmt.Errorf("%s: %w after %v: %w", r.Kind, ErrUnavailable, e.wait, last)
		}
		return nil, fmt.Errorf("%s: %w after %v", r.Kind, ErrUnavailable, e.wait)
	}
	// A worker that has the task answers or is killed, so this is short.
	select {
	case got := <-t.result:
		return got.value, got.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Text reads the value of Environment or ConcurrencyGroup.
func Text(value json.RawMessage) (string, error) {
	var s string
	if err := json.Unmarshal(value, &s); err != nil {
		return "", fmt.Errorf("expr: not a string: %w", err)
	}
	return s, nil
}

// Variables reads the value of Env.
func Variables(value json.RawMessage) (map[string]string, error) {
	var vars map[string]string
	if err := json.Unmarshal(value, &vars); err != nil {
		return nil, fmt.Errorf("expr: not an object of strings: %w", err)
	}
	return vars, nil
}
