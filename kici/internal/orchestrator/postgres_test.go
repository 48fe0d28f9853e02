package orchestrator_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider/local"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store/postgres"
	"github.com/kici-dev/kici-go/engine/store/storetest"
	"github.com/kici-dev/kici-go/kici/internal/orchestrator"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// server starts a database that syncs.
func server(t *testing.T) *storetest.Server {
	t.Helper()
	s, err := storetest.Postgres(t.Context(), true)
	if errors.Is(err, storetest.ErrNoPostgres) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	must(t, err)
	t.Cleanup(func() { must(t, s.Stop()) })
	return s
}

// onPostgres makes the orchestrator keep everything in the database.
func onPostgres(t *testing.T, s *storetest.Server) func(*orchestrator.Options) {
	t.Helper()
	opened, err := postgres.Open(t.Context(), postgres.Config{URL: s.URL})
	must(t, err)
	t.Cleanup(func() { must(t, opened.Close()) })
	return func(o *orchestrator.Options) { o.Store = opened }
}

// gate is a workflow whose first job stands still until the file GO is there.
func gate(dir string) string {
	return `
import { job, push, step, workflow } from '@kici-dev/sdk';
const a = job('a', { runsOn: 'default', steps: [
  step('before', async ({ $ }) => { await $` + "`echo one; touch " + dir + "/HERE`" + `; }),
  step('wait', async ({ $ }) => { await $` + "`while ! test -e " + dir + "/GO; do sleep 0.02; done; seq 500`" + `; return { v: 1 }; }),
] });
const b = job('b', { runsOn: 'default', needs: [a], run: async ({ inputs, log }) => { log.info(JSON.stringify(inputs)); } });
export default workflow('ci', { on: push(), jobs: [a, b] });
`
}

// A database that is killed in the middle of a run, and comes back, costs time
// and nothing else: the job goes on meanwhile, and what it said is kept by its
// agent until it can be written.
func TestPostgresDies(t *testing.T) {
	t.Parallel()
	s := server(t)
	flags := t.TempDir()
	h := startWith(t, gate(flags), []func(*orchestrator.Options){onPostgres(t, s)})
	id, err := h.rooms.Trigger(h.ctx, "here", local.Trigger{Event: "push"})
	must(t, err)
	started, err := h.rooms.Started(h.ctx, id)
	must(t, err)
	h.until(started[0].ID, runs.KindStepFinished)
	s.Crash()
	must(t, os.WriteFile(filepath.Join(flags, "GO"), nil, 0o644))
	must(t, s.Restart(t.Context()))
	run, jobs := h.end(started[0].ID)
	if run.Status != status.RunSuccess {
		t.Errorf("the run is %s: %s", run.Status, run.Reason)
	}
	if lines := h.log(&jobs[0], 1); len(lines) != 500 || lines[499] != "500" {
		t.Errorf("%d lines", len(lines))
	}
	h.once(run.ID)
}

// until waits for the first event of a kind.
func (h *house) until(id engine.RunID, kind string) {
	h.t.Helper()
	for e, err := range h.rooms.Runs.Watch(h.ctx, id, 0) {
		must(h.t, err)
		if e.Kind == kind {
			return
		}
	}
	h.t.Fatalf("the run ended without %s", kind)
}

// end waits for the end of a run through failures of the store.
func (h *house) end(id engine.RunID) (*engine.Run, []engine.Job) {
	h.t.Helper()
	ctx, stop := context.WithTimeout(h.ctx, time.Minute)
	defer stop()
	for ctx.Err() == nil {
		for _, err := range h.rooms.Runs.Watch(ctx, id, 0) {
			if err != nil {
				break
			}
		}
		run, jobs, err := h.rooms.Lookup(ctx, id)
		if err == nil && run.Status.Terminal() {
			return run, jobs
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
	h.t.Fatal("the run did not end")
	return nil, nil
}

// The bad wires' run on the other store.
func TestBusyRunOnPostgres(t *testing.T) {
	t.Parallel()
	h := startWith(t, busy, []func(*orchestrator.Options){onPostgres(t, server(t))})
	run, jobs := h.push()
	if run.Status != status.RunFailed || len(jobs) != 3 {
		t.Errorf("the run is %s: %s", run.Status, run.Reason)
	}
	if lines := h.log(&jobs[0], 0); len(lines) != 2000 {
		t.Errorf("%d lines", len(lines))
	}
}
