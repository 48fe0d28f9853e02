package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/proc"
)

// dismissal is how long an idle child may take to leave.
const dismissal = 2 * time.Second

// Pool runs jobs in children, one job a child at a time.
type Pool struct {
	cmd   Command
	spawn func(context.Context, Command) (*child, error)
	work  sync.WaitGroup // spawns under way

	mu     sync.Mutex // guards what follows
	idle   []*child
	coming []chan spawned // warm-ups nobody waits for yet
	closed bool
}

type spawned struct {
	child *child
	err   error
}

var _ executor.Runner = (*Pool)(nil)

// NewPool returns a pool that starts children with cmd. It starts none yet.
func NewPool(cmd Command) *Pool { return &Pool{cmd: cmd, spawn: spawn} }

// Warm starts one child in the background, for the job that is sure to come.
func (p *Pool) Warm(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	ch := make(chan spawned, 1)
	p.coming = append(p.coming, ch)
	p.work.Go(func() {
		k, err := p.spawn(ctx, p.cmd)
		ch <- spawned{k, err}
	})
}

// take returns a child without a job. One that has died while it waited (a
// kernel short of memory likes idle processes) is no job's fault.
func (p *Pool) take(ctx context.Context) (*child, error) {
	for {
		k, err := p.waiting()
		if err != nil {
			return nil, err
		}
		if k == nil {
			return p.spawn(ctx, p.cmd)
		}
		select {
		case <-k.proc.Done():
			k.release()
		default:
			return k, nil
		}
	}
}

// waiting takes out a child that waits, or is on its way, or nil.
func (p *Pool) waiting() (*child, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, ErrClosed
	}
	if n := len(p.idle); n > 0 {
		k := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return k, nil
	}
	n := len(p.coming)
	if n == 0 {
		p.mu.Unlock()
		return nil, nil
	}
	ch := p.coming[n-1]
	p.coming = p.coming[:n-1]
	p.mu.Unlock()
	s := <-ch // bounded by the handshake
	return s.child, s.err
}

func (p *Pool) give(k *child) {
	p.mu.Lock()
	if !p.closed {
		p.idle = append(p.idle, k)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	k.dismiss(dismissal)
}

// Close sends the children home and waits for them. No Run may be under way.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	idle, coming := p.idle, p.coming
	p.idle, p.coming = nil, nil
	p.mu.Unlock()
	for _, ch := range coming {
		if s := <-ch; s.child != nil {
			idle = append(idle, s.child)
		}
	}
	var leaving sync.WaitGroup
	for _, k := range idle {
		leaving.Go(func() { k.dismiss(dismissal) })
	}
	leaving.Wait()
	p.work.Wait()
	return nil
}

// Run implements executor.Runner.
func (p *Pool) Run(ctx context.Context, t executor.Task) *executor.Result {
	if t.Resources != nil && t.Resources.Limits != (executor.Amount{}) {
		return confined(ctx, t, p.cmd)
	}
	result := work(ctx, t, p.take, p.give)
	// Such a child shares its control group with others, us included.
	result.OutOfMemory = false
	return result
}

// Once runs one job in a child of its own, which start starts and which is
// gone when Once returns. Limit is the time the child has to say hello; zero
// means the usual two seconds.
func Once(ctx context.Context, t executor.Task, start Launcher, limit time.Duration) *executor.Result {
	return work(ctx, t,
		func(ctx context.Context) (*child, error) { return launch(ctx, start, limit) },
		func(k *child) { k.dismiss(dismissal) })
}

// work runs a job in the child that take finds; give gets it back unless it
// misbehaved.
func work(ctx context.Context, t executor.Task, take func(context.Context) (*child, error), give func(*child)) *executor.Result {
	start := time.Now()
	fail := func(format string, args ...any) *executor.Result {
		text := fmt.Sprintf(format, args...)
		return &executor.Result{Status: executor.Failed, Reason: text, Failure: executor.Broken(text), Duration: time.Since(start)}
	}
	if ctx.Err() != nil {
		return &executor.Result{Status: executor.Cancelled, Reason: context.Cause(ctx).Error()}
	}
	k, err := take(ctx)
	if err != nil {
		return fail("%v", err)
	}
	k.jobs++
	job := *t.Job
	job.Cookie = fmt.Sprintf("%s.%d", k.cookie, k.jobs)
	s := &session{child: k, task: t, job: &job}
	result, err := s.run(ctx)
	if err == nil {
		give(k)
		return result
	}
	k.kill()
	if err := proc.Sweep(context.WithoutCancel(ctx), job.Cookie, 0); err != nil {
		return fail("runner: end what the child left behind: %v", err)
	}
	var forced *forcedError
	if errors.As(err, &forced) {
		return &executor.Result{Status: executor.Cancelled, Reason: "cancelled by force", Duration: time.Since(start)}
	}
	return fail("the job's process %s (%v)", k.obituary(), err)
}
