package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/blob/fs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/lockfile/status"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type house struct {
	*Keeper
	t     *testing.T
	blobs *fs.Store
	now   time.Time
}

func setup(t *testing.T) *house {
	t.Helper()
	s, err := sqlite.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := fs.Open(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(s.Close(), blobs.Close()) })
	h := &house{&Keeper{Store: s, Blobs: blobs, Log: slog.New(slog.DiscardHandler), Runs: 10 * 24 * time.Hour}, t, blobs, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	if err := s.Migrate(t.Context(), h.now); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) tx(fn func(context.Context, store.Tx) error) {
	h.t.Helper()
	if err := h.Store.Tx(h.t.Context(), func(tx store.Tx) error { return fn(h.t.Context(), tx) }); err != nil {
		h.t.Fatal(err)
	}
}

// run makes a finished run with a sealed log, and its delivery.
func (h *house) run(name string, age time.Duration) {
	h.t.Helper()
	at := h.now.Add(-age)
	r := engine.Run{ID: engine.RunID(name), Status: status.RunSuccess, CreatedAt: at, FinishedAt: at}
	j := engine.Job{ID: engine.JobID(name), Run: r.ID, Name: "j", Status: status.JobSuccess}
	h.tx(func(ctx context.Context, tx store.Tx) error {
		err := errors.Join(tx.Runs().Insert(ctx, &r, &engine.Snapshot{}), tx.Jobs().Insert(ctx, j),
			tx.Queue().Enqueue(ctx, engine.Entry{Job: j.ID, Run: r.ID, Route: "r", Status: status.QueuePending}),
			tx.Deliveries().Insert(ctx, &engine.Delivery{ID: engine.DeliveryID(name), Status: status.EventProcessed, ReceivedAt: at}, nil))
		if err != nil {
			return err
		}
		as, err := tx.Queue().Claim(ctx, store.Claim{Routes: []engine.Route{"r"}, Limit: 1, Now: at, NewID: func() engine.AttemptID { return engine.AttemptID(name) }})
		if err != nil {
			return err
		}
		return tx.Logs().Seal(ctx, &engine.Seal{Attempt: as[0].ID, Blob: "kici-logs/" + name, At: at}, "")
	})
	if _, err := h.blobs.Put(h.t.Context(), "kici-logs/"+name, strings.NewReader("log")); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) tick() time.Time {
	h.t.Helper()
	next, err := h.Tick(h.t.Context(), h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	return next
}

// left counts runs, deliveries, blobs and garbage.
func (h *house) left() string {
	h.t.Helper()
	var out string
	h.tx(func(ctx context.Context, tx store.Tx) error {
		runs, err1 := tx.Runs().Recent(ctx, time.Time{}, 9999)
		deliveries, err2 := tx.Deliveries().Recent(ctx, time.Time{}, 9999)
		garbage, err3 := tx.Retention().Garbage(ctx, 9999)
		out = fmt.Sprint(len(runs), len(deliveries), len(garbage))
		return errors.Join(err1, err2, err3)
	})
	n := 0
	for _, err := range h.blobs.List(h.t.Context(), "") {
		if err != nil {
			h.t.Fatal(err)
		}
		n++
	}
	return fmt.Sprint(out, " ", n)
}

func TestAges(t *testing.T) {
	t.Parallel()
	h := setup(t)
	day := 24 * time.Hour
	h.run("new", day)
	h.run("nearly", 10*day)
	h.run("old", 11*day)
	h.run("older", 31*day)
	if next := h.tick(); !next.Equal(h.now.Add(interval)) {
		t.Error(next)
	}
	if got := h.left(); got != "2 3 0 2" {
		t.Errorf("left %s", got)
	}
	h.Runs, h.Deliveries = 0, -1
	h.now = h.now.Add(1000 * day)
	h.tick()
	if got := h.left(); got != "2 3 0 2" {
		t.Errorf("what is kept for ever: %s", got)
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.tx(func(ctx context.Context, tx store.Tx) error {
		for i := range batch*rounds + 1 {
			if _, err := tx.Deliveries().First(ctx, fmt.Sprint(i), h.now.Add(-time.Hour), h.now.Add(-time.Minute)); err != nil {
				return err
			}
		}
		return nil
	})
	if next := h.tick(); !next.Equal(h.now) {
		t.Errorf("there is more, and it waits until %s", next)
	}
	if next := h.tick(); !next.Equal(h.now.Add(interval)) {
		t.Error(next)
	}
}

// fragile fails when it is told to.
type fragile struct {
	blob.Store
	err error
}

func (f *fragile) Delete(ctx context.Context, keys ...string) error {
	if f.err != nil {
		return f.err
	}
	return f.Store.Delete(ctx, keys...)
}

type stopping struct {
	store.Store
	after int // transactions that succeed
}

var errKilled = errors.New("killed")

func (s *stopping) Tx(ctx context.Context, fn func(store.Tx) error) error {
	if s.after--; s.after < 0 {
		return errKilled
	}
	return s.Store.Tx(ctx, fn)
}

// Killed between any two transactions, or while blobs cannot be deleted: no blob
// is forgotten.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for after := range 5 {
		h := setup(t)
		h.run("old", 365*24*time.Hour)
		whole := h.Store
		h.Store = &stopping{whole, after}
		_, err := h.Tick(t.Context(), h.now)
		if failed := errors.Is(err, errKilled); failed != (after < 4) {
			t.Errorf("after %d: %v", after, err)
		}
		h.Store = whole
		h.tick()
		if got := h.left(); got != "0 0 0 0" {
			t.Errorf("after %d: left %s", after, got)
		}
	}
	h := setup(t)
	h.run("old", 365*24*time.Hour)
	f := &fragile{h.blobs, errors.New("no route to host")}
	h.Blobs = f
	if _, err := h.Tick(t.Context(), h.now); !errors.Is(err, f.err) {
		t.Error(err)
	}
	if got := h.left(); got != "0 0 1 1" {
		t.Errorf("left %s", got)
	}
	h.Blobs = nil
	h.tick()
	f.err, h.Blobs = nil, f
	h.tick()
	if got := h.left(); got != "0 0 0 0" {
		t.Errorf("left %s", got)
	}
}
