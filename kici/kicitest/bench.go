package kicitest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/proc"
	"github.com/kici-dev/kici-go/executor/workflow"
)

// bench is where one job works: it knows which job and step a command or a
// request comes from, and answers by the scripts of the run.
type bench struct {
	executor.Host
	run  *running
	job  *executor.Job
	real *proc.Host // nil before the first real command
	busy sync.WaitGroup

	mu    sync.Mutex // guards what follows, and real
	step  string
	seq   uint64
	reals []uint64 // numbers of real commands, growing
	live  map[uint64]*command
}

type benchKey struct{}

// runner takes jobs to the project's engine.
type runner struct{ run *running }

// Run implements executor.Runner.
func (r runner) Run(ctx context.Context, t executor.Task) *executor.Result {
	if ctx.Err() != nil {
		return &executor.Result{Status: executor.Cancelled, Reason: context.Cause(ctx).Error()}
	}
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	job := *t.Job
	job.Cookie = hex.EncodeToString(id[:])
	job.Variables = r.run.settings.variables
	b := &bench{Host: t.Host, run: r.run, job: &job, live: map[uint64]*command{}}
	c := r.run.project.core
	c.mu.Lock()
	c.jobs[job.Cookie] = b
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.jobs, job.Cookie)
		c.mu.Unlock()
	}()
	t.Job, t.Host = &job, b
	return c.engine.Run(context.WithValue(ctx, benchKey{}, b), t)
}

// processes finds the bench of a job.
func (c *core) processes(cookie string) workflow.Processes {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.jobs[cookie]
}

var _ workflow.Processes = (*bench)(nil)

// Begin implements executor.Sink, to know which step is under way.
func (b *bench) Begin(r executor.Row) {
	b.mu.Lock()
	b.step = r.Name
	b.mu.Unlock()
	b.Host.Begin(r)
}

// Emit implements executor.Host.
func (b *bench) Emit(ctx context.Context, e executor.Emission) (string, error) {
	b.run.emit(&Emission{Workflow: b.job.Workflow, Job: b.job.Name, Name: e.Name, Payload: decode(e.Payload)}, b.job.Run)
	return b.Host.Emit(ctx, e)
}

func (r *running) emit(e *Emission, run string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owners == nil { // somebody else listens
		return
	}
	r.emitted = append(r.emitted, e)
	r.own(e, run)
}

// Start implements proc.Spawner.
func (b *bench) Start(ctx context.Context, spec proc.Command) (proc.Process, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if len(spec.Args) == 0 {
		return nil, &proc.StartError{Err: errors.New("empty command")}
	}
	b.mu.Lock()
	b.seq++
	seq, step := b.seq, b.step
	b.mu.Unlock()
	call := &Call{
		Workflow: b.job.Workflow, Job: b.job.Name, Step: step, Text: commandText(spec.Args), Args: slices.Clone(spec.Args),
		Dir: b.relative(spec.Dir), Env: environment(spec.Env), Started: b.run.since(),
	}
	script, ans := b.run.answer(call, b.job.Base)
	switch {
	case script != nil:
		call.Scripted = true
	case b.run.settings.policy == real:
		return b.startReal(ctx, seq, spec, call)
	case b.run.settings.policy == refuse:
		return nil, &proc.StartError{File: spec.Args[0], Dir: spec.Dir, Err: b.run.refuse(call)}
	}
	b.run.record(call, b.job.Run)
	if ans.startError != nil {
		return nil, &proc.StartError{File: spec.Args[0], Dir: spec.Dir, Err: ans.startError}
	}
	return b.startScripted(seq, spec, call, ans), nil
}

func (b *bench) startScripted(seq uint64, spec proc.Command, call *Call, ans answer) *command {
	c := &command{
		spec: spec, answer: ans, pid: 1000 + int(seq), seq: seq, began: time.Now(), call: call, ended: b.ended,
		killed: make(chan proc.Signal, 1), over: make(chan struct{}), eof: make(chan struct{}),
	}
	if spec.Stdin {
		c.stdin = (*input)(c)
	} else {
		close(c.eof)
	}
	b.mu.Lock()
	b.live[seq] = c
	b.mu.Unlock()
	b.busy.Go(c.play)
	return c
}

func (b *bench) ended(c *command) {
	b.mu.Lock()
	delete(b.live, c.seq)
	b.mu.Unlock()
	b.run.finish(c.call, c.exit, c.snapshot().Input)
}

func (b *bench) startReal(ctx context.Context, seq uint64, spec proc.Command, call *Call) (proc.Process, error) {
	b.mu.Lock()
	if b.real == nil {
		b.real = proc.Open(b.job.Cookie)
	}
	b.reals = append(b.reals, seq)
	b.mu.Unlock()
	b.run.record(call, b.job.Run)
	p, err := b.real.Start(ctx, spec)
	if err != nil {
		return nil, err
	}
	b.busy.Go(func() { b.run.finish(call, p.Wait(), "") })
	return p, nil
}

// Mark implements step.Processes.
func (b *bench) Mark() proc.Mark {
	b.mu.Lock()
	defer b.mu.Unlock()
	return proc.Mark(b.seq)
}

// Terminate implements step.Processes: TERM, then KILL after the grace.
func (b *bench) Terminate(ctx context.Context, since proc.Mark, grace time.Duration) error {
	b.mu.Lock()
	var todo []*command
	for seq, c := range b.live {
		if seq > uint64(since) {
			todo = append(todo, c)
		}
	}
	host, before := b.real, len(b.reals)
	for before > 0 && b.reals[before-1] > uint64(since) {
		before--
	}
	b.mu.Unlock()
	if grace > 0 {
		limit := time.NewTimer(grace)
		defer limit.Stop()
		for _, c := range todo {
			_ = c.Signal(proc.TERM) // it may be over already
		}
		waitAll(ctx, limit.C, todo)
	}
	for _, c := range todo {
		_ = c.Signal(proc.KILL)
		<-c.over
	}
	if host == nil {
		return nil
	}
	return host.Terminate(ctx, proc.Mark(before), grace)
}

func waitAll(ctx context.Context, limit <-chan time.Time, todo []*command) {
	for _, c := range todo {
		select {
		case <-c.over:
		case <-limit:
			return
		case <-ctx.Done():
			return
		}
	}
}

// Close ends what is left and waits for it.
func (b *bench) Close() error {
	err := b.Terminate(context.Background(), 0, 0)
	b.mu.Lock()
	host := b.real
	b.mu.Unlock()
	if host != nil {
		err = errors.Join(err, host.Close())
	}
	b.busy.Wait()
	return err
}

// relative names a folder as a reader of the repository does.
func (b *bench) relative(dir string) string {
	rel, err := filepath.Rel(b.job.Dir, dir)
	if err != nil || strings.HasPrefix(rel, "..") {
		return dir
	}
	return filepath.ToSlash(rel)
}

// strict is what `$` puts in front of what an author wrote for bash.
const strict = "set -euo pipefail;"

// commandText is a command as its author wrote it.
func commandText(args []string) string {
	if n := len(args); n == 3 && slices.Contains([]string{"-c", "-Command", "/c"}, args[1]) {
		return strings.TrimSpace(strings.TrimPrefix(args[2], strict))
	}
	return strings.Join(args, " ")
}

func environment(env []string) map[string]string {
	out := make(map[string]string, len(env))
	for _, kv := range env {
		k, v, _ := strings.Cut(kv, "=")
		out[k] = v
	}
	return out
}

// running is one event under way.
type running struct {
	project  *Project
	settings *settings
	begin    time.Time

	mu       sync.Mutex // guards what follows
	calls    []*Call
	requests []*Request
	used     map[any]int // answers given, by script or reply
	missing  []string    // complaints about what had no script
	machines map[workflow.Machine]struct{}
	// of a House: the run that a call, a request or an emission belongs to, and
	// what is closed when there is another.
	owners  map[any]string
	emitted []*Emission
	changed chan struct{}
}

func (r *running) since() time.Duration { return time.Since(r.begin) }

// answer finds the newest script that fits, and what it does this time.
func (r *running) answer(c *Call, base string) (*Script, answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range slices.Backward(r.settings.scripts) {
		if s.covers(c, base) {
			n := min(r.used[s], len(s.answers)-1)
			r.used[s]++
			return s, s.answers[n]
		}
	}
	return nil, answer{}
}

func (r *running) record(c *Call, run string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
	r.own(c, run)
}

// own notes whose something is, where there is more than one run; mu is held.
func (r *running) own(what any, run string) {
	if r.owners == nil {
		return
	}
	r.owners[what] = run
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *running) finish(c *Call, exit proc.Exit, input string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.Exit, c.Signal, c.Input = exit.Code, string(exit.Signal), input
	c.Duration = r.since() - c.Started
}

// refuse notes a command that nobody scripted.
func (r *running) refuse(c *Call) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	where := "job " + c.Job
	if c.Step != "" {
		where += ", step " + c.Step
	}
	text := fmt.Sprintf("no script for the command %q (%s)", c.Text, where)
	r.missing = append(r.missing, text)
	return errors.New(text)
}

// scripted lists the scripts there are, for a message.
func (r *running) scripted() string {
	if len(r.settings.scripts) == 0 {
		return "no command is scripted; give the project a Command, or the option AllowCommands or RealCommands"
	}
	names := map[string]bool{}
	for _, s := range r.settings.scripts {
		names[s.String()] = true
	}
	return "scripted are: " + strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}
