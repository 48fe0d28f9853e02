package step

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/proc"
)

// Engine runs one job, once.
type Engine struct {
	job   *executor.Job
	host  executor.Host
	force <-chan struct{}
	// jobTimeout is how the job fails when its own time is over; nil without one.
	jobTimeout *executor.Failure
	limits     executor.Limits
	env        Environment
	procs      Processes
	guest      Guest
	start      time.Time
	tmp        string // lazily made home of env files and mounted secrets
	files      envFiles

	sink sync.Mutex // serialises the Host's Sink; guards rows
	row  int        // where output goes
	rows map[int]*rowState

	mu       sync.Mutex // guards what follows
	secrets  *secretStore
	exposed  []undo // of the running step
	result   *executor.Result
	outputs  map[string]json.RawMessage
	order    []string // step names with outputs, in order
	tmpError error
}

// rowState is what the engine remembers of a row's output.
type rowState struct {
	bytes int64
	tail  []byte
}

// tailSize is how much of its last output a failure shows.
const tailSize = 4 << 10

// undo restores an environment variable at the end of a step.
type undo struct {
	key, old string
	had      bool
}

// Config is what an Engine is made of.
type Config struct {
	Task  executor.Task
	Env   Environment
	Procs Processes
}

// New prepares an engine: the environment is filled, so that a runtime made
// from it sees the right values at its first line.
func New(cfg Config) *Engine {
	e := &Engine{
		job:     cfg.Task.Job,
		host:    cfg.Task.Host,
		force:   cfg.Task.Force,
		limits:  cfg.Task.Job.Limits.Defaults(),
		env:     cfg.Env,
		procs:   cfg.Procs,
		start:   time.Now(),
		row:     executor.PrepareRow,
		rows:    map[int]*rowState{},
		outputs: map[string]json.RawMessage{},
		result:  &executor.Result{Status: executor.Success},
	}
	e.secrets = newSecretStore(e.job.Secrets)
	for k, v := range Base(e.job) {
		e.env.Set(k, v)
	}
	for k, v := range e.job.Typed {
		e.env.Set(k, v)
	}
	return e
}

// Output takes what the author's code and its commands print. It may block.
func (e *Engine) Output(stream executor.Stream, p []byte) {
	e.sink.Lock()
	defer e.sink.Unlock()
	st := e.state(e.row)
	st.bytes += int64(len(p))
	if len(p) >= tailSize {
		st.tail = append(st.tail[:0], p[len(p)-tailSize:]...)
	} else {
		st.tail = append(st.tail, p...)
		if over := len(st.tail) - tailSize; over > 0 {
			st.tail = append(st.tail[:0], st.tail[over:]...)
		}
	}
	e.host.Log(e.row, stream, p)
}

// state is called with sink held.
func (e *Engine) state(row int) *rowState {
	st := e.rows[row]
	if st == nil {
		st = &rowState{}
		e.rows[row] = st
	}
	return st
}

// say writes a line of our own into the current row.
func (e *Engine) say(format string, args ...any) {
	e.Output(executor.Stderr, fmt.Appendf(nil, "kici: "+format+"\n", args...))
}

func (e *Engine) begin(r executor.Row) {
	e.sink.Lock()
	defer e.sink.Unlock()
	e.row = r.Index
	e.host.Begin(r)
}

func (e *Engine) end(r executor.RowResult) {
	e.sink.Lock()
	defer e.sink.Unlock()
	st := e.state(r.Index)
	r.Bytes = st.bytes
	if r.Failure != nil && r.Failure.Tail == "" {
		r.Failure.Tail = string(st.tail)
	}
	e.result.Rows = append(e.result.Rows, r)
	e.host.End(r)
	e.row = executor.PrepareRow
}

func (e *Engine) rule(row int, r executor.RuleResult) {
	e.sink.Lock()
	defer e.sink.Unlock()
	e.host.Rule(row, r)
}

// Run opens the guest and takes it through the job. Everything the job started
// is gone when it returns.
func (e *Engine) Run(ctx context.Context, open func(context.Context) (Guest, error)) *executor.Result {
	// Hooks outlive the cancellation of the job; only force ends them.
	hookCtx, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	workCtx, stopWork := context.WithCancelCause(ctx)
	defer stopWork(nil)
	done := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-e.force:
			stop(errForced)
			stopWork(errForced)
		case <-done:
		}
	})
	e.run(workCtx, hookCtx, open)
	if c, ok := e.guest.(io.Closer); ok { // a process of its own, which is not to be mistaken for a leftover
		if err := c.Close(); err != nil {
			e.broken("end the runtime: " + err.Error())
		}
	}
	close(done)
	watch.Wait()
	if hookCtx.Err() != nil {
		e.result.Status, e.result.Reason = executor.Cancelled, errForced.Error()
	}
	e.close(hookCtx)
	e.result.Duration = time.Since(e.start)
	return e.result
}

var errForced = errors.New("cancelled by force")

func (e *Engine) run(workCtx, hookCtx context.Context, open func(context.Context) (Guest, error)) {
	guest, err := open(workCtx)
	if err != nil {
		e.stop(workCtx, e.asFailure(workCtx, err))
		return
	}
	e.guest = guest
	var d Description
	if err := e.call(workCtx, e.limits.Field, "reading the job", MethodDescribe, params{}, &d); err != nil {
		e.stop(workCtx, e.asFailure(workCtx, err))
		return
	}
	switch e.job.Kind {
	case executor.KindPrepare:
		e.prepare(workCtx, &d)
	case executor.KindFinally:
		e.finally(hookCtx, &d)
	default:
		e.runJob(workCtx, hookCtx, &d)
	}
}

// close ends what the job left running and removes its files.
func (e *Engine) close(ctx context.Context) {
	if err := e.procs.Terminate(ctx, 0, leftoverGrace); err != nil {
		e.broken("end what the job left running: " + err.Error())
	}
	if e.tmp != "" {
		if err := os.RemoveAll(e.tmp); err != nil {
			e.broken("remove the job's temporary files: " + err.Error())
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.result.Secrets = e.secrets.published
	e.result.SecretsRead = e.secrets.read()
}

// leftoverGrace is for processes that a job left running in the background:
// long enough to flush, short enough not to be noticed.
const leftoverGrace = 500 * time.Millisecond

func (e *Engine) broken(text string) {
	e.result.Status, e.result.Reason = executor.Failed, text
	if e.result.Failure == nil {
		e.result.Failure = executor.Broken(text)
	}
}

// stop ends a job that could not even begin, or was cancelled before.
func (e *Engine) stop(ctx context.Context, f *executor.Failure) {
	e.result.Status, e.result.Reason, e.result.Failure = executor.Failed, f.Message, f
	if f.Kind == executor.Interrupted {
		e.result.Status = executor.Cancelled
	}
}

// home makes the job's temporary folder on first use.
func (e *Engine) home() (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.tmp == "" && e.tmpError == nil {
		e.tmp, e.tmpError = os.MkdirTemp("", "kici-job-")
	}
	return e.tmp, e.tmpError
}

// call invokes the guest under a budget. When the budget or ctx ends, it also
// ends every process that the call started.
func (e *Engine) call(ctx context.Context, budget time.Duration, what, method string, p params, result any) error {
	timeout := &executor.Failure{Kind: executor.TimedOut, Message: fmt.Sprintf("%s timed out after %d ms", what, budget.Milliseconds())}
	callCtx, cancel := context.WithTimeoutCause(ctx, budget, timeout)
	defer cancel()
	mark := e.procs.Mark()
	err := e.invoke(callCtx, method, p, result)
	if callCtx.Err() == nil || err == nil {
		return err
	}
	cause := context.Cause(callCtx)
	if terr := e.terminate(mark); terr != nil {
		e.say("%v", terr)
	}
	return cause
}

// stuck is how long an interrupted guest may take to come back.
const stuck = 5 * time.Second

// invoke does not trust the guest to come back when ctx ends: host code that
// cannot be interrupted must not hang the job.
func (e *Engine) invoke(ctx context.Context, method string, p params, result any) error {
	answer := make(chan error, 1)
	var raw json.RawMessage
	go func() { answer <- e.guest.Invoke(ctx, method, p, &raw) }()
	select {
	case err := <-answer:
		if err != nil || result == nil || len(raw) == 0 {
			return err
		}
		return json.Unmarshal(raw, result)
	case <-ctx.Done():
	}
	timer := time.NewTimer(stuck)
	defer timer.Stop()
	select {
	case err := <-answer:
		if err == nil && result != nil && len(raw) > 0 { // it was done at the same moment
			return json.Unmarshal(raw, result)
		}
		return err
	case <-timer.C:
		return executor.Broken("the runtime could not be interrupted")
	}
}

// terminate ends the processes started since mark; force shortens the grace.
func (e *Engine) terminate(mark proc.Mark) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var watch sync.WaitGroup
	defer watch.Wait()
	done := make(chan struct{})
	defer close(done)
	watch.Go(func() {
		select {
		case <-e.force:
			cancel()
		case <-done:
		}
	})
	return e.procs.Terminate(ctx, mark, e.limits.Grace)
}

// asFailure gives every error its kind.
func (e *Engine) asFailure(ctx context.Context, err error) *executor.Failure {
	var f *executor.Failure
	if errors.As(err, &f) {
		return f
	}
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return &executor.Failure{Kind: executor.Interrupted, Message: err.Error()}
	}
	return executor.Broken(err.Error())
}

func ms(v float64, or time.Duration) time.Duration {
	if v <= 0 {
		return or
	}
	return time.Duration(v * float64(time.Millisecond))
}
