package logs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob/fs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/postgres"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/engine/store/storetest"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// shared is the server of all tests here; each has a schema.
var shared struct {
	server *storetest.Server
	err    error
	schema atomic.Int64
}

func TestMain(m *testing.M) {
	shared.server, shared.err = storetest.Postgres(context.Background(), false)
	code := m.Run()
	if shared.server != nil {
		_ = shared.server.Stop()
	}
	if err := goleak.Find(); err != nil && code == 0 {
		panic(err)
	}
	os.Exit(code)
}

type house struct {
	testing.TB
	store.Store
	blobs  *fs.Store
	now    time.Time
	run    engine.RunID
	token  engine.Token
	id     engine.AttemptID
	reader *Reader
	sealer *Sealer
}

// each runs a test on both stores.
func each(t *testing.T, test func(*testing.T, *house)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s, err := sqlite.Open(t.Context(), t.TempDir())
		test(t, setup(t, s, err))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		if errors.Is(shared.err, storetest.ErrNoPostgres) && os.Getenv("CI") != "true" {
			t.Skip("SKIPPED, nothing of Postgres was tested: ", shared.err)
		}
		if shared.err != nil {
			t.Fatal(shared.err)
		}
		s, err := postgres.Open(t.Context(), postgres.Config{URL: shared.server.URL, Schema: fmt.Sprintf("logs_%d", shared.schema.Add(1)), Connections: 4})
		test(t, setup(t, s, err))
	})
}

func setup(t testing.TB, s store.Store, err error) *house {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := fs.Open(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(s.Close(), blobs.Close()) })
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	h := &house{TB: t, Store: s, blobs: blobs, now: now, reader: &Reader{Store: s, Blobs: blobs},
		sealer: &Sealer{Store: s, Blobs: blobs, Log: slog.New(slog.DiscardHandler), Keep: -1}}
	if err := s.Migrate(context.Background(), now); err != nil {
		t.Fatal(err)
	}
	h.attempt("a")
	return h
}

// attempt makes a run of one job that an agent has.
func (h *house) attempt(name string) {
	h.Helper()
	ctx := context.Background()
	r := &engine.Run{ID: engine.RunID("run-" + name), Status: status.RunRunning, CreatedAt: h.now}
	j := engine.Job{ID: engine.JobID("job-" + name), Run: r.ID, Name: name, Status: status.JobQueued, Route: "r"}
	h.tx(func(tx store.Tx) error {
		err := errors.Join(tx.Runs().Insert(ctx, r, &engine.Snapshot{}), tx.Jobs().Insert(ctx, j),
			tx.Queue().Enqueue(ctx, engine.Entry{Job: j.ID, Run: r.ID, Route: "r", Status: status.QueuePending, EnqueuedAt: h.now, AvailableAt: h.now}))
		if err != nil {
			return err
		}
		as, err := tx.Queue().Claim(ctx, store.Claim{Agent: "agent", Routes: []engine.Route{"r"}, Limit: 1, Now: h.now,
			NewID: func() engine.AttemptID { return engine.AttemptID("attempt-" + name) }})
		if err == nil {
			h.run, h.token, h.id = r.ID, as[0].Token(), as[0].ID
		}
		return err
	})
}

func (h *house) tx(fn func(store.Tx) error) {
	h.Helper()
	if err := h.Tx(context.Background(), fn); err != nil {
		h.Fatal(err)
	}
}

// append does what the link to an agent does.
func (h *house) append(frames ...Frame) {
	h.Helper()
	b := Pack(frames)
	h.tx(func(tx store.Tx) error {
		if _, err := tx.Queue().Check(context.Background(), h.token); err != nil {
			return err
		}
		return b.AppendTx(context.Background(), tx, h.id)
	})
}

func (h *house) end(at time.Time) {
	h.Helper()
	h.tx(func(tx store.Tx) error {
		tx.Notify(Topic(h.id))
		return tx.Queue().End(context.Background(), h.token, status.QueueCompleted, "", at)
	})
}

func (h *house) seal(step int) {
	h.Helper()
	if err := h.sealer.Seal(context.Background(), h.id, step, h.now); err != nil {
		h.Fatal(err)
	}
}

func (h *house) read(q Query) []Line {
	h.Helper()
	q.Attempt = h.id
	var out []Line
	for l, err := range h.reader.Read(context.Background(), q) {
		if err != nil {
			h.Fatal(err)
		}
		out = append(out, l)
	}
	return out
}

// lines are what frames say, by step.
func lines(frames []Frame) map[int][]Line {
	out := map[int][]Line{}
	for _, f := range frames {
		for _, text := range f.Lines {
			out[f.Step] = append(out[f.Step], Line{f.Step, int64(len(out[f.Step])), text, f.At})
		}
	}
	return out
}

func (h *house) keys() (out []string) {
	h.Helper()
	for info, err := range h.blobs.List(context.Background(), "") {
		if err != nil {
			h.Fatal(err)
		}
		out = append(out, info.Key)
	}
	return out
}

func (h *house) garbage() (out []string) {
	h.Helper()
	h.tx(func(tx store.Tx) (err error) {
		out, err = tx.Retention().Garbage(context.Background(), 99)
		return err
	})
	return out
}
