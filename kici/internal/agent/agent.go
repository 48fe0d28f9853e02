package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/clone"
	"github.com/kici-dev/kici-go/executor/runner"
	"github.com/kici-dev/kici-go/executor/sandbox/container"
)

// Defaults of a Config.
const (
	DefaultLogCap = 10 << 20
	DefaultGrace  = 10 * time.Second
	defaultClone  = 10 * time.Minute
)

// Config is what an agent is. DataDir is required.
type Config struct {
	// DataDir holds work trees, mirrors and caches. One agent owns it.
	DataDir string
	Slots   int // jobs at once; default 1
	// Environ is the environment of this process. Jobs see its documented part.
	Environ []string
	Limits  executor.Limits
	LogCap  int64 // stored bytes of a step's log; default 10 MiB
	// DropWhenBehind drops lines of a job whose queue is full, and says how many.
	// Without it the job waits, and after half a minute its lines go to disk.
	DropWhenBehind bool
	Grace          time.Duration // what jobs have when the agent is stopped; default 10 s

	// GitHubToken clones from github.com what comes without credentials.
	GitHubToken string

	// Trees makes the work trees; nil clones with git.
	Trees Trees
	// Runner runs the jobs; nil starts children of this program.
	Runner executor.Runner
	// ChildCommand is the program to start as a child instead of this one.
	ChildCommand []string
	// Image runs jobs that name no container in this image; empty runs them on
	// the machine itself.
	Image string
	// KeepFailed leaves the container of a failed job behind.
	KeepFailed bool

	// Meter hears what happens; nil is nobody.
	Meter Meter

	Log *slog.Logger
	Now func() time.Time
}

// Meter stands between the agent and what it measures.
type Meter interface {
	Reporter(r Reporter) Reporter
	Trees(t Trees) Trees
	// Dropped: so many lines were dropped, because the orchestrator was slow.
	Dropped(lines int)
	// Behind: a job had to wait until its lines were taken.
	Behind()
}

// Trees makes the work tree of a commit at dir, which does not exist yet. Collect
// is called while there is no tree, for what is kept between them.
type Trees interface {
	Create(ctx context.Context, src clone.Source, dir string) (*clone.Tree, error)
	Collect(now time.Time, age time.Duration)
}

var _ Trees = (*clone.Store)(nil)

var (
	// ErrBusy: every slot is taken.
	ErrBusy = errors.New("agent: busy")
	// ErrDraining: the agent takes no more jobs.
	ErrDraining = errors.New("agent: draining")
	// ErrStopping is why jobs are cancelled when the agent is stopped.
	ErrStopping = errors.New("the agent was stopped")
	// ErrInUse: another agent owns the data folder.
	ErrInUse = errors.New("agent: the data folder belongs to another agent")
)

// Agent runs jobs.
type Agent struct {
	config   Config
	trees    Trees
	programs *programs
	work     sync.WaitGroup // jobs, until their folder is gone
	ready    chan struct{}
	idle     chan struct{} // closed when draining and no job is left

	mu       sync.Mutex // guards what follows
	runner   executor.Runner
	state    state
	active   map[string]*job // by attempt, while they take a slot
	ending   map[string]*job // their end is on its way to the reporter
	stopJobs context.Context // under which reports are made; ends when nobody waits any more
}

type state int

const (
	stateNew state = iota
	stateRunning
	stateDraining
	stateStopped
)

// New checks a Config. Nothing happens before Run.
func New(c Config) (*Agent, error) {
	if c.DataDir == "" || !filepath.IsAbs(c.DataDir) {
		return nil, fmt.Errorf("agent: the data folder %q is not an absolute path", c.DataDir)
	}
	if c.Slots < 0 {
		return nil, fmt.Errorf("agent: %d slots: at least one job has to run", c.Slots)
	}
	c.Slots = max(c.Slots, 1)
	if c.LogCap <= 0 {
		c.LogCap = DefaultLogCap
	}
	if c.Grace <= 0 {
		c.Grace = DefaultGrace
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	a := &Agent{
		config: c, programs: newPrograms(), ready: make(chan struct{}), idle: make(chan struct{}),
		active: map[string]*job{}, ending: map[string]*job{},
	}
	if a.trees = c.Trees; a.trees == nil {
		a.trees = clone.New(clone.Config{
			Dir: filepath.Join(c.DataDir, "mirrors"), Environ: c.Environ, KnownHosts: filepath.Join(c.DataDir, "known_hosts"), Log: c.Log,
		})
	}
	if c.Meter != nil {
		a.trees = c.Meter.Trees(a.trees)
	}
	return a, nil
}

// Run owns the data folder until ctx ends or a drain is over. Then jobs are
// cancelled with their hooks, after Grace by force, and Run returns when nothing
// of them is left. It may be called once.
func (a *Agent) Run(ctx context.Context) (err error) {
	release, heir, err := a.own()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	reports, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	jobs, finish := a.runners(ctx, heir)
	defer func() { err = errors.Join(err, finish()) }()

	a.mu.Lock()
	if a.state != stateNew {
		a.mu.Unlock()
		return errors.New("agent: Run was called before")
	}
	a.state, a.runner, a.stopJobs = stateRunning, jobs, reports
	a.mu.Unlock()
	close(a.ready)
	select {
	case <-ctx.Done():
	case <-a.idle:
	}
	a.shut(stop)
	return nil
}

// runners says where jobs run. The heir of an agent that was killed in a job has
// its container removed as well, beside the work: an engine may take its time.
func (a *Agent) runners(ctx context.Context, heir bool) (executor.Runner, func() error) {
	if a.config.Runner != nil {
		return a.config.Runner, func() error { return nil }
	}
	kids := newChildren(runner.Command{
		Args: a.config.ChildCommand, Environ: childEnviron(a.config.Environ, a.tempDir()), Handshake: childHandshake,
	}, a.config.Slots)
	kids.warm(context.WithoutCancel(ctx))
	boxes := container.New(container.Config{Next: kids, Environ: a.config.Environ, Image: a.config.Image, KeepFailed: a.config.KeepFailed})
	sweeping, stop := context.WithCancel(ctx)
	var swept sync.WaitGroup
	if heir {
		swept.Go(func() {
			if err := boxes.Sweep(sweeping); err != nil && sweeping.Err() == nil {
				a.config.Log.Warn("agent: containers that an earlier agent left cannot be removed", "err", err)
			}
		})
	}
	return boxes, func() error {
		stop()
		swept.Wait()
		return errors.Join(kids.close(), boxes.Close())
	}
}

// shut ends what is under way: softly, then hard.
func (a *Agent) shut(stopReports func()) {
	a.mu.Lock()
	a.state = stateStopped
	var jobs []*job
	for _, j := range a.active {
		jobs = append(jobs, j)
	}
	a.mu.Unlock()
	for _, j := range jobs {
		j.stop(ErrStopping, false)
	}
	gone := make(chan struct{})
	go func() {
		a.work.Wait()
		close(gone)
	}()
	timer := time.NewTimer(a.config.Grace)
	defer timer.Stop()
	select {
	case <-gone:
		return
	case <-timer.C:
	}
	for _, j := range jobs {
		j.stop(ErrStopping, true)
	}
	// A job that is forced is over in seconds; a reporter that blocks (no
	// orchestrator is there) is not waited for longer than that.
	timer.Reset(forceLimit)
	select {
	case <-gone:
		return
	case <-timer.C:
	}
	stopReports()
	<-gone
}

const forceLimit = 5 * time.Second

// Ready is closed once Run is ready for offers.
func (a *Agent) Ready() <-chan struct{} { return a.ready }

// Drained is closed when a drain is over: no job is left.
func (a *Agent) Drained() <-chan struct{} { return a.idle }

// Drain refuses further jobs. When the last one has ended Run returns.
func (a *Agent) Drain() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state == stateNew || a.state == stateRunning {
		a.state = stateDraining
	}
	a.settle()
}

// settle closes idle when a drain is over; mu is held.
func (a *Agent) settle() {
	if a.state != stateDraining || len(a.active)+len(a.ending) > 0 {
		return
	}
	select {
	case <-a.idle:
	default:
		close(a.idle)
	}
}
