package dev

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/local"
)

// listener is an audience that notes what arrives.
type listener struct {
	ready    chan struct{}
	arrivals chan Arrival

	mu      sync.Mutex // guards what follows
	notices []string
}

func newListener() *listener {
	return &listener{ready: make(chan struct{}), arrivals: make(chan Arrival, 100)}
}

func (l *listener) Ready(Ready)                   { close(l.ready) }
func (l *listener) Arrived(a Arrival)             { l.arrivals <- a }
func (l *listener) Begin(Run) local.Observer      { return func(local.Event) {} }
func (l *listener) End(Run, local.WorkflowResult) {}
func (l *listener) Notice(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notices = append(l.notices, text)
}

func (l *listener) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.notices, "\n")
}

// next waits for an arrival.
func (l *listener) next(t *testing.T) Arrival {
	t.Helper()
	select {
	case a := <-l.arrivals:
		return a
	case <-time.After(time.Minute):
		t.Fatalf("nothing arrived; notices: %q", l.said())
		return Arrival{}
	}
}

// idle is a runner for tests in which no job runs.
type idle struct{}

func (idle) Run(context.Context, executor.Task) *executor.Result {
	return &executor.Result{Status: executor.Failed, Reason: "nothing runs here"}
}

// serving runs a dev on a repository while during does something.
func serving(t *testing.T, r *repository, env []string, during func(*listener)) {
	t.Helper()
	l := newListener()
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() {
		_, err := Serve(ctx, Options{Dir: r.root, Environ: env, Runner: idle{}}, l)
		over <- err
	}()
	select {
	case <-l.ready:
		during(l)
	case err := <-over:
		stop()
		t.Fatal(err)
	}
	stop()
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if n := len(l.arrivals); n > 0 {
		t.Errorf("%d more arrivals, the first is %+v", n, <-l.arrivals)
	}
}

// stated is an environment with a place for state.
func stated(t *testing.T) []string {
	t.Helper()
	return append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())
}

// What lands while no dev runs is told by the next one, once, and what the one
// before was about to tell as well.
func TestCatchUp(t *testing.T) {
	t.Parallel()
	r, git := scratch(t)
	env := stated(t)
	git("commit", "-q", "--allow-empty", "-m", "before the first dev")
	serving(t, r, env, func(l *listener) {
		git("commit", "-q", "--allow-empty", "-m", "seen")
		if a := l.next(t); a.Event != "push" || a.Ref != "main" {
			t.Errorf("%+v", a)
		}
	})
	git("commit", "-q", "--allow-empty", "-m", "missed one")
	git("commit", "-q", "--allow-empty", "-m", "missed two")
	git("tag", "v1")
	now, err := r.refs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	serving(t, r, env, func(l *listener) {
		got := map[string]string{}
		for range 2 {
			a := l.next(t)
			got[a.Ref] = a.SHA
		}
		if want := map[string]string{"main": now["refs/heads/main"], "v1": now["refs/tags/v1"]}; !reflect.DeepEqual(got, want) {
			t.Errorf("caught up on %v, want %v", got, want)
		}
		if want := "2 refs changed while no kici dev was running here"; l.said() != want {
			t.Errorf("said %q, want %q", l.said(), want)
		}
	})
	// A sentinel behind which nothing else may have come.
	serving(t, r, env, func(l *listener) {
		git("commit", "-q", "--allow-empty", "-m", "last")
		if a := l.next(t); a.Ref != "main" || l.said() != "" {
			t.Errorf("%+v %q", a, l.said())
		}
	})
}

// A dev that dies between noting what it will tell and noting that it has: what
// reached the store is not told again, the rest is.
func TestCatchUpAfterAKill(t *testing.T) {
	t.Parallel()
	r, git := scratch(t)
	env := stated(t)
	home, err := placeOf(r, env)
	if err != nil {
		t.Fatal(err)
	}
	var told engine.Delivery
	serving(t, r, env, func(l *listener) {
		git("commit", "-q", "--allow-empty", "-m", "told")
		l.next(t)
	})
	tiers, err := start(t.Context(), optionsOf(t, env), r, folders{home.orchestrator(), home.agent(), "http://127.0.0.1:1", "t"})
	if err != nil {
		t.Fatal(err)
	}
	err = tiers.rooms.Store.View(t.Context(), func(tx store.Tx) error {
		all, err := tx.Deliveries().Recent(t.Context(), time.Now().AddDate(1, 0, 0), 1)
		told = all[0]
		return err
	})
	if err := tiers.stop(err); err != nil {
		t.Fatal(err)
	}
	m, err := home.recall()
	if err != nil || len(m.Untold) > 0 || m.Refs["refs/heads/main"] != told.Ref.SHA {
		t.Fatalf("%+v, %v", m, err)
	}
	git("tag", "v1")
	m.Refs["refs/tags/v1"] = told.Ref.SHA
	m.Untold = []news{
		{told.Key, change{Ref: "refs/heads/main", After: told.Ref.SHA}},
		{"another", change{Ref: "refs/tags/v1", After: told.Ref.SHA}},
	}
	if err := write(home.memory(), m); err != nil {
		t.Fatal(err)
	}
	serving(t, r, env, func(l *listener) {
		if a := l.next(t); a.Ref != "v1" {
			t.Errorf("%+v", a)
		}
	})
}

func optionsOf(t *testing.T, env []string) *Options {
	t.Helper()
	o := &Options{Environ: env, Runner: idle{}}
	if err := o.defaults(); err != nil {
		t.Fatal(err)
	}
	return o
}

// A note that cannot be read is said and started anew.
func TestBrokenMemory(t *testing.T) {
	t.Parallel()
	r, _ := scratch(t)
	env := stated(t)
	home, err := placeOf(r, env)
	if err := errors.Join(err, os.MkdirAll(home.dir, 0o700), os.WriteFile(home.memory(), []byte("{"), 0o600)); err != nil {
		t.Fatal(err)
	}
	serving(t, r, env, func(l *listener) {
		deadline := time.After(time.Minute)
		for !strings.Contains(l.said(), "what landed before is not caught up on") {
			select {
			case <-deadline:
				t.Fatalf("said %q", l.said())
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	if m, err := home.recall(); err != nil || len(m.Refs) != 1 {
		t.Errorf("%+v, %v", m, err)
	}
}

// The project is the nearest folder with workflows; the lock file and the place of
// the state follow it.
func TestNearestProject(t *testing.T) {
	t.Parallel()
	r, _ := scratch(t)
	for _, dir := range []string{"apps/shop/.kici/workflows", "apps/shop/src/deep", "lib", "apps/shop/.kici/tests"} {
		if err := os.MkdirAll(filepath.Join(r.root, filepath.FromSlash(dir)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	env := stated(t)
	places := map[string]bool{}
	for folder, want := range map[string]string{
		"": "", "lib": "", "apps": "", "apps/shop": "apps/shop", "apps/shop/src/deep": "apps/shop", "apps/shop/.kici/tests": "apps/shop",
	} {
		got, err := open(t.Context(), filepath.Join(r.root, filepath.FromSlash(folder)), env)
		if err != nil {
			t.Fatal(err)
		}
		if got.project != want || got.root != r.root {
			t.Errorf("%q: the project is %q in %s, want %q", folder, got.project, got.root, want)
		}
		home, err := placeOf(got, env)
		if err != nil {
			t.Fatal(err)
		}
		places[home.dir] = true
	}
	if len(places) != 2 {
		t.Errorf("the states are in %v", places)
	}
	if sub, err := open(t.Context(), filepath.Join(r.root, "apps", "shop"), env); err != nil || sub.lock() != "apps/shop/.kici/kici.lock.json" || r.lock() != ".kici/kici.lock.json" {
		t.Errorf("%+v %v", sub, err)
	}
}
