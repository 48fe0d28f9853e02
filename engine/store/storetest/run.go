package storetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Harness opens stores for the suite.
type Harness struct {
	// Open gives an empty store, migrated, and closed when the test ends.
	Open func(testing.TB) store.Store
	// Again opens a second one on the same database; nil when the driver allows
	// only one.
	Again func(testing.TB, store.Store) store.Store
}

// Run checks a driver.
func Run(t *testing.T, h Harness) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *bench)
	}{
		{"sources", testSources}, {"relay keys", testRelayKeys}, {"relay seats", testRelaySeats}, {"relay log", testRelayLog}, {"deliveries", testDeliveries}, {"many deliveries", testMany}, {"many keys", testManyKeys}, {"many runs", testManyRuns}, {"run lists", testRunLists}, {"dedup", testDedup}, {"runs", testRuns},
		{"jobs", testJobs}, {"queue", testQueue}, {"claim together", testClaimTogether}, {"fence", testFence}, {"sweeps", testSweeps}, {"steps", testSteps},
		{"agents", testAgents}, {"tokens", testTokens}, {"drains", testDrains}, {"keys", testKeys}, {"facts", testFacts}, {"logs", testLogs}, {"log seals", testSeals}, {"loose logs", testLoose}, {"outbox", testOutbox}, {"schedules", testSchedules}, {"retention", testRetention},
		{"atomic", testAtomic}, {"view", testView}, {"context", testContext}, {"hostile text", testHostile},
		{"claim once", testClaimOnce}, {"dedup race", testDedupRace}, {"event order", testEventOrder},
		{"run lock", testRunLock}, {"wake", testWake}, {"lead", testLead}, {"migrate twice", testMigrate}, {"closed", testClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, setup(t, h))
		})
	}
}

// bench is what a test works on.
type bench struct {
	store.Store
	h      Harness
	t      testing.TB
	now    time.Time
	serial atomic.Int64
}

func setup(t testing.TB, h Harness) *bench {
	return &bench{Store: h.Open(t), h: h, t: t, now: time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)}
}

// both are the store and a second one on its database, or the same twice.
func (b *bench) both() []store.Store {
	if b.h.Again == nil {
		return []store.Store{b.Store, b.Store}
	}
	return []store.Store{b.Store, b.h.Again(b.t, b.Store)}
}

func (b *bench) tx(fn func(store.Tx) error) {
	b.t.Helper()
	if err := b.Tx(context.Background(), fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) id(kind string) string { return fmt.Sprintf("%s-%06d", kind, b.serial.Add(1)) }

// run is a run with jobs in the queue, on route "linux".
func (b *bench) run(jobs int) (*engine.Run, []engine.Job) {
	return b.runOn(b.Store, jobs)
}

func (b *bench) runOn(s store.Store, jobs int) (*engine.Run, []engine.Job) {
	b.t.Helper()
	r := &engine.Run{ID: engine.RunID(b.id("run")), Workflow: "ci", Status: status.RunPending, Ref: engine.Ref{Repo: "a/b", Name: "refs/heads/main", SHA: "c0ffee"}, CreatedAt: b.now}
	var js []engine.Job
	var es []engine.Entry
	for i := range jobs {
		j := engine.Job{ID: engine.JobID(b.id("job")), Run: r.ID, Name: fmt.Sprintf("job-%d", i), Base: "job", Place: i, Status: status.JobQueued, Route: "linux", Spec: []byte(`{}`), CreatedAt: b.now}
		js = append(js, j)
		es = append(es, engine.Entry{Job: j.ID, Run: r.ID, Route: j.Route, Status: status.QueuePending, EnqueuedAt: b.now, AvailableAt: b.now})
	}
	err := s.Tx(context.Background(), func(tx store.Tx) error {
		ctx := context.Background()
		if err := tx.Runs().Insert(ctx, r, &engine.Snapshot{Lock: []byte(`{"l":1}`), Event: []byte(`{"e":1}`), Plan: []byte(`{"p":1}`)}); err != nil {
			return err
		}
		if err := tx.Jobs().Insert(ctx, js...); err != nil {
			return err
		}
		tx.Notify(store.TopicQueue)
		return tx.Queue().Enqueue(ctx, es...)
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return r, js
}

// claim asks for work on route "linux".
func (b *bench) claim(s store.Store, limit int) ([]engine.Attempt, error) {
	var out []engine.Attempt
	err := s.Tx(context.Background(), func(tx store.Tx) (err error) {
		out, err = tx.Queue().Claim(context.Background(), store.Claim{Agent: "agent-1", Routes: []engine.Route{"linux", "arm"}, Limit: limit, Now: b.now,
			AckDeadline: b.now.Add(10 * time.Second), NewID: func() engine.AttemptID { return engine.AttemptID(b.id("attempt")) }})
		return err
	})
	return out, err
}

func (b *bench) mustClaim(limit int) []engine.Attempt {
	b.t.Helper()
	as, err := b.claim(b.Store, limit)
	if err != nil {
		b.t.Fatal(err)
	}
	return as
}
