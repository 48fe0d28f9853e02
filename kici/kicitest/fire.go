package kicitest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kici-dev/kici-go/executor/workflow"
	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/kici/internal/local"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// everyJob is the number of jobs that may run at a time when nobody says
// otherwise: more than any plan has.
const everyJob = 1 << 20

// errCancelled is the reason of CancelAfter.
var errCancelled = errors.New("cancelled")

// fire runs what an event starts and returns when all of it is over.
func (p *Project) fire(e event.Event, s *settings) *Run {
	p.t.Helper()
	run, _, err := p.try(e, s, nil)
	if err != nil {
		p.t.Fatalf("kicitest: %s", explain(err))
	}
	return run
}

// try is fire with the result as the engine gave it; also hears of everything
// in between.
func (p *Project) try(e event.Event, s *settings, also local.Observer) (*Run, *local.Result, error) {
	p.t.Helper()
	work, err := p.workspace(s)
	if err != nil {
		return nil, nil, fmt.Errorf("the folder for the steps: %w", err)
	}
	r := &running{project: p, settings: s, used: map[any]int{}, machines: map[workflow.Machine]struct{}{}}
	defer r.guard(s.patience)()
	c := newCollector(r)
	c.also = also
	match, stop := p.core.outsideMatch()
	defer stop()
	var result *local.Result
	err = p.virtually(s, func() {
		if wait := time.Until(s.at); !s.at.IsZero() && !s.wallClock && wait > 0 {
			<-time.After(wait)
		}
		r.begin = time.Now()
		ctx, cancel := context.WithCancelCause(context.Background())
		defer cancel(nil)
		if s.cancelAfter > 0 {
			defer time.AfterFunc(s.cancelAfter, func() { cancel(errCancelled) }).Stop()
		}
		var runErr error
		result, runErr = local.RunGiven(ctx, local.Given{Compiled: p.core.compiled, Event: &e, Dir: work, Match: match}, r.options(), c.observe)
		c.err = runErr
	})
	if err == nil {
		err = c.err
	}
	if err != nil {
		return nil, nil, err
	}
	run := c.run(p.t, e, work, result)
	for _, text := range r.missing {
		p.t.Errorf("kicitest: %s\n  %s", text, r.scripted())
	}
	return run, result, nil
}

func explain(err error) string {
	var usage *author.RunUsageError
	if errors.As(err, &usage) && usage.Hint != "" {
		return usage.Message + "; " + usage.Hint
	}
	return err.Error()
}

// virtually calls f in a bubble of virtual time, and waits for everything that
// f started. What cannot go on at all is an error instead of a panic.
func (p *Project) virtually(s *settings, f func()) (err error) {
	if s.wallClock {
		f()
		return nil
	}
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("the run came to a standstill: %v\n%s", x, bubbled())
		}
	}()
	t, ok := p.t.(*testing.T)
	if !ok {
		t = new(testing.T) // a bubble wants one, and asks nothing of it
	}
	synctest.Test(t, func(*testing.T) { f() })
	return nil
}

// outsideMatch matches events on a goroutine of real time: the clock of some
// regular expressions belongs to the process, and must not start in a bubble.
// The channels belong to the outside too, which is why they are made here.
func (c *core) outsideMatch() (match func(*event.Event) []author.Decision, stop func()) {
	ask, answer, gone := make(chan *event.Event), make(chan []author.Decision), make(chan struct{})
	go func() {
		defer close(gone)
		for e := range ask {
			answer <- c.matcher.Match(e)
		}
	}()
	match = func(e *event.Event) []author.Decision { ask <- e; return <-answer }
	return match, func() { close(ask); <-gone }
}

// bubbled are the goroutines that a bubble was left with.
func bubbled() string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var out []string
	for _, g := range strings.Split(string(buf), "\n\n") {
		if head, _, _ := strings.Cut(g, "\n"); strings.Contains(head, "synctest bubble") {
			out = append(out, g)
		}
	}
	return strings.Join(out, "\n\n")
}

// options are those of a local run on a machine that has nothing.
func (r *running) options() local.Options {
	s := r.settings
	o := local.Options{
		Workflow: s.workflow, Job: s.job, Concurrency: s.concurrency, KeepGoing: !s.failFast, FollowEvents: s.follow, Debug: s.debug,
		Env: s.env, Secrets: s.secrets, Contexts: s.contexts, Environ: r.environ(), Runner: runner{r},
	}
	if o.Concurrency <= 0 {
		o.Concurrency = everyJob
	}
	return o
}

// environ is the machine's, with folders that belong to the run in place of
// those that would outlive it.
func (r *running) environ() []string {
	return append(r.settings.environ[:len(r.settings.environ):len(r.settings.environ)], r.settings.places...)
}

// workspace makes the folder that steps work in, and its neighbours.
func (p *Project) workspace(s *settings) (string, error) {
	base := p.t.TempDir()
	base, err := filepath.EvalSymlinks(base)
	if err != nil {
		return "", err
	}
	work := filepath.Join(base, "work")
	home := filepath.Join(base, "home")
	caches := s.cache
	if caches == "" {
		caches = filepath.Join(base, "cache")
	}
	s.places = []string{"HOME=" + home, "XDG_CACHE_HOME=" + caches, "XDG_RUNTIME_DIR=" + filepath.Join(base, "run"), "KICI_RUN_DIR=" + filepath.Join(base, "run")}
	if err := mkdirs(work, home, filepath.Join(base, "run")); err != nil {
		return "", err
	}
	trees := []string{s.tree}
	if p.core.source {
		trees = append(trees, p.core.compiled.Project.Root)
	}
	for _, tree := range trees {
		if tree == "" {
			continue
		}
		if err := copyTree(work, tree); err != nil {
			return "", err
		}
	}
	for name, text := range s.files {
		if err := writeFile(filepath.Join(work, filepath.FromSlash(name)), text); err != nil {
			return "", err
		}
	}
	return work, nil
}
