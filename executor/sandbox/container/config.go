package container

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/executor"
)

// Paths inside a container.
const (
	Workspace = "/workspace" // the job's folder
	home      = "/opt/kici"  // ours: the runner, and a home folder for users without one
	private   = "/run/kici"  // a tmpfs, for what must never be written to a disk
)

// greeting is the time a child has to say hello. It is longer than for a
// process of this machine: engines are slow when many containers start.
const greeting = 20 * time.Second

// DefaultImage is a sensible value for Config.Image: Debian with bash, git,
// curl and compilers.
const DefaultImage = "docker.io/library/buildpack-deps:bookworm"

// Config says how containers are run. It is data but for Next.
type Config struct {
	// Next runs the tasks that want no container. Without it they fail.
	Next executor.Runner
	// Image is for jobs that name none: all of a run in containers. Empty
	// leaves those to Next. Work around the jobs (plans, workflow hooks) is
	// always Next's.
	Image string
	// Host is the engine's address, "unix:///run/docker.sock". Empty finds one.
	Host string
	// Environ is the environment of this process, KEY=VALUE: the engine's
	// address and the proxy's are looked for there. Nothing of it reaches a
	// container.
	Environ []string
	// RunnerBinary is a static Linux kici for the image's architecture. Empty
	// takes the own binary, when it is one.
	RunnerBinary string
	// KeepFailed leaves the stopped container of a failed job behind, to be
	// looked into, and says its name in the job's log.
	KeepFailed bool
	// Network is the engine's name of a network; empty is the engine's default.
	Network string
	// Mounts are further folders of this machine.
	Mounts []Mount
}

// Mount is a folder of this machine in a container.
type Mount struct {
	Source, Target string
	ReadOnly       bool
}

// Runner runs jobs in containers. It is safe for several at once.
type Runner struct {
	config Config

	mu     sync.Mutex // guards engine and binaries; held while connecting
	engine *engine
	own    *binary // the runner to copy in, read once
}

var _ executor.Runner = (*Runner)(nil)

// New returns a Runner. It looks for no engine yet.
func New(c Config) *Runner { return &Runner{config: c} }

// Close forgets the engine. No Run may be under way.
func (r *Runner) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.engine == nil {
		return nil
	}
	err := r.engine.api.Close()
	r.engine = nil
	return err
}

var errNoNext = errors.New("container: the job names no image, and nothing is set up to run jobs without")

// Run implements executor.Runner.
func (r *Runner) Run(ctx context.Context, t executor.Task) *executor.Result {
	if t.Container == nil && r.config.Image != "" && t.Job.Kind == executor.KindJob {
		t.Container = &executor.Container{Image: r.config.Image}
	}
	if t.Container != nil {
		return r.contain(ctx, t)
	}
	if r.config.Next == nil {
		return failed(time.Now(), errNoNext)
	}
	return r.config.Next.Run(ctx, t)
}

func failed(start time.Time, err error) *executor.Result {
	return &executor.Result{
		Status: executor.Failed, Reason: err.Error(), Failure: executor.Broken(err.Error()), Duration: time.Since(start),
	}
}

// connect returns the engine, found on first use. A failure is not remembered:
// somebody may start Docker between two runs.
func (r *Runner) connect(ctx context.Context) (*engine, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.engine != nil {
		return r.engine, nil
	}
	e, err := find(ctx, r.config.Host, r.config.Environ)
	if err != nil {
		return nil, err
	}
	if err := e.sweep(ctx); err != nil {
		e.api.Close()
		return nil, fmt.Errorf("container: remove what an earlier run left: %w", err)
	}
	r.engine = e
	return e, nil
}

// lookup finds a variable in KEY=VALUE entries.
func lookup(environ []string, key string) string {
	for i := len(environ) - 1; i >= 0; i-- {
		if k, v, _ := strings.Cut(environ[i], "="); k == key {
			return v
		}
	}
	return ""
}
