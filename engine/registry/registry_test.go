package registry_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/registry"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/lockfile"
)

func lock(t *testing.T, ws ...lockfile.Workflow) []byte {
	t.Helper()
	f := &lockfile.File{Workflows: ws}
	if err := lockfile.Seal(f); err != nil {
		t.Fatal(err)
	}
	text, err := lockfile.Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func workflow(name string, ts ...lockfile.Trigger) lockfile.Workflow {
	return lockfile.Workflow{Name: name, Source: lockfile.Source{File: name + ".ts", Export: "#default"}, Triggers: ts,
		Jobs: []lockfile.Job{{Static: &lockfile.StaticJob{Type: "static", Name: "a"}}}}
}

func TestListeners(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, err := sqlite.Open(ctx, "")
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	must(t, s.Migrate(ctx, time.Now()))
	r := registry.New(s, slog.New(slog.DiscardHandler))
	at := time.Unix(1000, 0).UTC()
	register := func(repo, sha string, text []byte) {
		t.Helper()
		at = at.Add(time.Microsecond)
		must(t, s.Tx(ctx, func(tx store.Tx) error {
			return tx.Sources().Register(ctx, &engine.Registration{Source: "s", Ref: engine.Ref{Repo: repo, SHA: sha}, RoutingKey: "k", Lock: text, UpdatedAt: at})
		}))
	}
	push, event := lockfile.Trigger{Type: lockfile.TriggerPush}, lockfile.Trigger{Type: lockfile.TriggerKiciEvent, EventName: "x"}
	first := lock(t, workflow("ci", push), workflow("both", push, event))
	register("a", "1", first)
	register("b", "1", []byte("{"))
	ls, err := r.Listeners(ctx)
	must(t, err)
	if len(ls) != 2 || len(ls[1].Workflows) != 0 || ls[0].Lock != nil {
		t.Fatalf("%+v", ls)
	}
	var heard []string
	for w, tr := range ls[0].Triggers() {
		heard = append(heard, w+" "+string(tr.Type))
	}
	if !slices.Equal(heard, []string{"both kici_event"}) {
		t.Errorf("%q", heard)
	}
	again, err := r.Listeners(ctx)
	must(t, err)
	if again[0] != ls[0] || again[1] != ls[1] {
		t.Error("what has not changed was read again")
	}
	register("a", "1", lock(t, workflow("ci", push))) // the same commit, pushed again
	must(t, s.Tx(ctx, func(tx store.Tx) error { return tx.Sources().Unregister(ctx, "s", "b") }))
	again, err = r.Listeners(ctx)
	must(t, err)
	if len(again) != 1 || len(again[0].Workflows) != 0 {
		t.Errorf("%+v", again)
	}
	if _, err := r.Lock(ctx, ls[1]); !errors.Is(err, engine.ErrNotFound) {
		t.Error(err)
	}
	if g, err := r.Lock(ctx, ls[0]); err != nil || len(g.Lock) == 0 {
		t.Error(g, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
