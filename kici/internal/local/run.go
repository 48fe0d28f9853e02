package local

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/cache"
	"github.com/kici-dev/kici-go/executor/checkout"
	"github.com/kici-dev/kici-go/executor/compile"
	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/mask"
	"github.com/kici-dev/kici-go/executor/runner"
	"github.com/kici-dev/kici-go/executor/sandbox/container"
	"github.com/kici-dev/kici-go/kici/internal/localsecret"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// run is one call of Run.
type run struct {
	o       Options
	arg     event.Arg
	project compile.Project
	observe func(Event)
	runner  executor.Runner
	id      string
	ids     atomic.Int64

	compiled *compile.Result
	fixtures *compile.FixtureSet  // nil unless Options.Fixture is set
	repo     *checkout.Repository // nil outside of git
	copy     *checkout.Checkout   // nil in place
	dir      string               // where steps work
	secrets  *localsecret.Secrets
	typed    typed
	masks    *mask.Set
	matcher  *trigger.Matcher
	match    func(*event.Event) []trigger.Decision
	changed  func() ([]string, error) // what git says, asked at most once
}

// Run runs what an event starts. A *UsageError is the caller's mistake, any
// other error a machine that does not work; everything that concerns the
// workflows is in the Result.
func Run(ctx context.Context, o Options, observe Observer) (result *Result, err error) {
	r, err := newRun(o, observe)
	if err != nil {
		return nil, err
	}
	start := r.o.Now()
	result = &Result{Class: ClassSuccess}
	defer func() { result.Duration = r.o.Now().Sub(start) }()
	if r.runner == nil {
		pool := runner.NewPool(runner.Command{Args: o.ChildCommand, Environ: o.Environ})
		pool.Warm(context.WithoutCancel(ctx))
		defer func() { err = errors.Join(err, pool.Close()) }()
		boxes := container.New(container.Config{
			Next: pool, Environ: o.Environ, Image: everyImage(o),
			KeepFailed: lookup(o.Environ, "KICI_DOCKER_KEEP_FAILED") == "true",
		})
		defer func() { err = errors.Join(err, boxes.Close()) }()
		r.runner = boxes
	}
	var sweep sync.WaitGroup
	defer sweep.Wait()
	sweep.Go(func() { checkout.Collect(lookup(o.Environ, "KICI_RUN_DIR"), r.o.Now()) })
	defer func() { r.leave(result, err) }()
	if err := r.gather(ctx, result); err != nil || result.Class != ClassSuccess {
		return result, err
	}
	return result, r.all(ctx, result)
}

func newRun(o Options, observe Observer) (*run, error) {
	arg, err := argument(o)
	if err != nil {
		return nil, err
	}
	if o.Concurrency < 0 {
		return nil, &UsageError{Message: fmt.Sprintf("concurrency %d: at least one job has to run", o.Concurrency)}
	}
	o.defaults()
	typed, err := readTyped(o)
	if err != nil {
		return nil, err
	}
	if observe == nil {
		observe = func(Event) {}
	}
	project, err := compile.Locate(o.Dir, o.KiciDir)
	if err != nil {
		return nil, err
	}
	r := &run{o: o, arg: arg, project: project, observe: observe, runner: o.Runner, typed: typed}
	r.id = r.newID("run")
	return r, nil
}

// gather does what does not depend on each other at the same time: compile,
// copy the tree, read the secrets.
func (r *run) gather(ctx context.Context, result *Result) error {
	var (
		work                                         sync.WaitGroup
		compileErr, secretErr, sourceErr, fixtureErr error
	)
	// With ctx and not gctx: it is asked after everything here has ended.
	r.changed = sync.OnceValues(func() ([]string, error) {
		return checkout.Changed(ctx, filepath.Dir(r.project.KiciDir), r.o.Environ)
	})
	gctx, stop := context.WithCancel(ctx)
	defer stop()
	work.Go(func() {
		if compileErr = r.install(gctx); compileErr == nil {
			r.compiled, compileErr = compile.Compile(gctx, r.compileOptions())
		}
		if compileErr != nil || r.compiled.Failed() {
			stop() // nobody waits for a copy that nothing will run in
		}
	})
	work.Go(func() { sourceErr = r.source(gctx) })
	work.Go(func() { fixtureErr = r.loadFixtures(gctx) })
	r.secrets, secretErr = localsecret.Load(r.project.KiciDir, r.typed.secrets)
	work.Wait()
	if ctx.Err() != nil {
		result.Class = ClassInterrupted
		return nil
	}
	if compileErr != nil {
		return compileErr
	}
	if r.fixtures != nil {
		r.compiled.Diagnostics = append(r.compiled.Diagnostics, r.fixtures.Diagnostics...)
	}
	result.Compile = r.compiled
	r.observe(Compiled{r.compiled})
	if r.compiled.Failed() {
		result.Class = ClassCompile
		return nil
	}
	if err := errors.Join(fixtureErr, sourceErr, secretErr); err != nil {
		return err
	}
	r.masks = mask.NewSet(r.hidden()...)
	r.observe(CheckoutReady{r.dir})
	return nil
}

func (r *run) compileOptions() compile.Options {
	return compile.Options{
		Dir: r.o.Dir, KiciDir: r.o.KiciDir, Env: js.ParseEnv(r.o.Environ), Log: r.o.Log,
		Output: func(_ js.Stream, p []byte) {
			if r.o.CompileOutput != nil {
				_, _ = r.o.CompileOutput.Write(p) // an author's print must not fail a run
			}
		},
	}
}

// source makes the place where steps work.
func (r *run) source(ctx context.Context) error {
	home := filepath.Dir(r.project.KiciDir)
	if r.o.InPlace {
		r.dir = home
		// Outside of git an event has neither branch nor commit, and that is fine.
		r.repo, _ = checkout.Inspect(ctx, home, r.o.Environ)
		return nil
	}
	c, err := checkout.Create(ctx, checkout.Options{
		Dir: home, Base: lookup(r.o.Environ, "KICI_RUN_DIR"), Environ: r.o.Environ, IgnoreFile: filepath.Join(home, ".kiciignore"),
	})
	if err != nil {
		return err
	}
	r.copy, r.repo, r.dir = c, c.Repo, c.Dir
	return nil
}

// leave removes the copy, or says where it is.
func (r *run) leave(result *Result, err error) {
	if r.copy == nil {
		return
	}
	failed := err != nil || result.Class == ClassFailed || result.Class == ClassInterrupted
	if r.o.Keep || failed && len(result.Workflows) > 0 {
		result.Checkout = r.copy.Root
		r.observe(Kept{r.copy.Root})
		return
	}
	if err := r.copy.Remove(); err != nil {
		r.observe(Notice{Text: err.Error()})
	}
}

// everyImage is the image of jobs that name none: with --container they run in
// one all the same.
func everyImage(o Options) string {
	if o.Container {
		return container.DefaultImage
	}
	return ""
}

// perform runs a job where its lock entry says; one that wants no checkout
// gets an empty folder.
func (r *run) perform(ctx context.Context, t executor.Task, lock *lockfile.StaticJob) *executor.Result {
	if lock != nil {
		var err error
		if t.Resources, err = executor.ParseResources(lock.Resources); err != nil {
			return &executor.Result{Status: executor.Failed, Reason: err.Error(), Failure: executor.Broken(err.Error())}
		}
		if c := lock.Container; c != nil {
			t.Container = &executor.Container{Image: c.Image, Env: maps.Collect(c.Env.All())}
		}
	}
	if lock == nil || lock.Checkout == nil || *lock.Checkout {
		return r.runner.Run(ctx, t)
	}
	dir, err := os.MkdirTemp(lookup(r.o.Environ, "KICI_RUN_DIR"), "kici-empty-")
	if err != nil {
		return &executor.Result{Status: executor.Failed, Reason: err.Error(), Failure: executor.Broken(err.Error())}
	}
	defer os.RemoveAll(dir)
	t.Job.Dir = dir
	return r.runner.Run(ctx, t)
}

// newID makes a name that is unique on this machine.
func (r *run) newID(kind string) string {
	var b [6]byte
	if _, err := rand.Read(b[:]); err != nil {
		return fmt.Sprintf("%s-%d", kind, r.ids.Add(1)) // crypto/rand does not fail where we run
	}
	return kind + "-" + hex.EncodeToString(b[:])
}

// cache is the store of this user on this machine.
func (r *run) cache() cache.Store {
	return &cache.Dir{Path: filepath.Join(cacheHome(r.o.Environ), "kici", "cache")}
}

// cacheHome is where the programs of this user keep what can be made again.
func cacheHome(environ []string) string {
	if base := lookup(environ, "XDG_CACHE_HOME"); base != "" {
		return base
	}
	return filepath.Join(lookup(environ, "HOME"), ".cache")
}

func (r *run) places(dir string) cache.Places {
	return cache.Places{Workspace: dir, Home: lookup(r.o.Environ, "HOME")}
}
