package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// manyRecords is more than any driver puts into one statement.
const manyRecords = 1300

// testMany holds that what is written many at a time is what is written one by one.
func testMany(t *testing.T, b *bench) {
	ctx := context.Background()
	var in []store.Received
	for i := range manyRecords {
		d := engine.Delivery{ID: engine.DeliveryID(fmt.Sprintf("d%05d", i)), Source: "s", Headers: []byte(fmt.Sprint(i)), Status: status.EventReceived, ReceivedAt: b.now.Add(time.Duration(i) * time.Microsecond)}
		r := store.Received{Delivery: d}
		if i%3 > 0 { // a body may be empty, or not be kept
			r.Payload = []byte("\x00\xff")[:i%3-1]
		}
		in = append(in, r)
	}
	b.tx(func(tx store.Tx) error { return tx.Deliveries().InsertAll(ctx) })
	b.tx(func(tx store.Tx) error { return tx.Deliveries().InsertAll(ctx, in...) })
	is(t, "one of them twice", b.Tx(ctx, func(tx store.Tx) error {
		fresh := store.Received{Delivery: engine.Delivery{ID: "fresh", Status: status.EventReceived}}
		return tx.Deliveries().InsertAll(ctx, fresh, in[7])
	}), engine.ErrExists)
	b.tx(func(tx store.Tx) error {
		all, err := tx.Deliveries().Open(ctx, manyRecords+1)
		if err != nil || len(all) != manyRecords {
			return fmt.Errorf("%d are open: %w", len(all), err)
		}
		for i := range all {
			same(t, "delivery", &all[i], &in[i].Delivery, nil)
		}
		for i := range 3 {
			p, err := tx.Deliveries().Payload(ctx, in[i].ID)
			if in[i].Payload == nil {
				is(t, "no payload", err, engine.ErrNotFound)
				continue
			}
			same(t, "payload", string(p), string(in[i].Payload), err)
		}
		return nil
	})
	b.tx(func(tx store.Tx) error { return testSaveAll(t, tx, in) })
}

// testSaveAll has some saved before, and one that does not exist.
func testSaveAll(t *testing.T, tx store.Tx, in []store.Received) error {
	ctx := context.Background()
	var ds []*engine.Delivery
	for i := range in {
		d := in[i].Delivery
		d.Status, d.Event, d.Matched, d.Trace = status.EventProcessed, "push", i, []byte("[]")
		d.Ref = engine.Ref{Repo: "a/b", Name: fmt.Sprint(i), SHA: "1"}
		if i%100 == 0 {
			if err := tx.Deliveries().Save(ctx, &d, status.EventReceived); err != nil {
				return err
			}
			d.Error = "too late"
		}
		ds = append(ds, &d)
	}
	ds = append(ds, &engine.Delivery{ID: "none", Status: status.EventProcessed})
	saved, err := tx.Deliveries().SaveAll(ctx, status.EventReceived, ds...)
	if err != nil {
		return err
	}
	for i, yes := range saved {
		if want := i%100 != 0 && i < len(in); yes != want {
			t.Errorf("delivery %d was saved: %v", i, yes)
		}
		if i == len(in) {
			break
		}
		got, err := tx.Deliveries().Get(ctx, ds[i].ID)
		want := *ds[i]
		want.Error = ""
		same(t, "saved", got, &want, err)
	}
	none, err := tx.Deliveries().SaveAll(ctx, status.EventReceived)
	same(t, "nothing", len(none), 0, err)
	return nil
}

func testManyKeys(t *testing.T, b *bench) {
	ctx := context.Background()
	ask := func(now time.Time, keys ...store.Key) (out []bool) {
		t.Helper()
		b.tx(func(tx store.Tx) (err error) {
			out, err = tx.Deliveries().Firsts(ctx, now, keys...)
			return err
		})
		return out
	}
	key := func(name string, seconds int) store.Key {
		return store.Key{Key: name, Until: b.now.Add(time.Duration(seconds) * time.Second)}
	}
	same(t, "none", len(ask(b.now)), 0, nil)
	same(t, "first", ask(b.now, key("b", 5), key("a", 9), key("b", 9)), []bool{true, true, false}, nil)
	same(t, "again", ask(b.now, key("a", 9), key("c", 9), key("b", 9)), []bool{false, true, false}, nil)
	same(t, "b is over", ask(b.now.Add(5*time.Second), key("a", 9), key("b", 9)), []bool{false, true}, nil)
	b.tx(func(tx store.Tx) error {
		first, err := tx.Deliveries().First(ctx, "b", b.now.Add(6*time.Second), b.now.Add(9*time.Second))
		same(t, "one by one", first, false, err)
		return nil
	})
	var many []store.Key
	for i := range manyRecords {
		many = append(many, key(fmt.Sprint(i%(manyRecords/2)), 9))
	}
	for i, first := range ask(b.now, many...) {
		if first != (i < manyRecords/2) {
			t.Fatalf("key %d is first: %v", i, first)
		}
	}
}

func testManyRuns(t *testing.T, b *bench) {
	ctx := context.Background()
	var rs []engine.Run
	var ss []engine.Snapshot
	var js []engine.Job
	var es []engine.Event
	for i := range manyRecords {
		id := engine.RunID(fmt.Sprintf("many-%05d", i))
		rs = append(rs, engine.Run{ID: id, Delivery: "d", Status: status.RunPending, Test: i%2 == 0, CreatedAt: b.now})
		ss = append(ss, engine.Snapshot{Lock: []byte(id), Event: []byte("{}")})
		j := engine.Job{ID: engine.JobID(id), Run: id, Name: "j", Status: status.JobPending, NeedsSatisfied: true, Spec: []byte("s")}
		if i%2 == 0 {
			j.Needs = []engine.Need{{Upstream: "a"}, {Upstream: "b", RunOnFailure: true}}
		}
		js = append(js, j)
		es = append(es, engine.Event{Run: id, Kind: "run.created", At: b.now}, engine.Event{Run: id, Job: j.ID, Kind: "job.created", At: b.now, Pending: true})
	}
	b.tx(func(tx store.Tx) error {
		if err := tx.Runs().InsertAll(ctx, nil, nil); err != nil {
			return err
		}
		if err := tx.Runs().InsertAll(ctx, rs, ss); err != nil {
			return err
		}
		if err := tx.Jobs().Insert(ctx, js...); err != nil {
			return err
		}
		return tx.Events().Append(ctx, es...)
	})
	b.tx(func(tx store.Tx) error {
		of, err := tx.Runs().Of(ctx, "d")
		same(t, "runs", of, rs, err)
		var last int64
		for _, i := range []int{0, 1, manyRecords / 2, manyRecords - 1} {
			s, err := tx.Runs().Snapshot(ctx, rs[i].ID)
			same(t, "snapshot", s, &ss[i], err)
			jobs, err := tx.Jobs().Of(ctx, rs[i].ID)
			same(t, "jobs", jobs, js[i:i+1], err)
			got, err := tx.Events().After(ctx, rs[i].ID, 0, 9)
			if err != nil || len(got) != 2 || got[0].Kind != "run.created" || !got[1].Pending || got[0].Seq <= last || got[1].Seq <= got[0].Seq {
				t.Errorf("events of %s: %+v, %v", rs[i].ID, got, err)
				break
			}
			last = got[1].Seq
		}
		return nil
	})
}

func testRunLists(t *testing.T, b *bench) {
	ctx := context.Background()
	var rs []engine.Run
	long := strings.Repeat("a/ü", 4000) // no index holds it
	for i := range 60 {
		rs = append(rs, engine.Run{ID: engine.RunID(fmt.Sprintf("r%02d", i)), Workflow: []string{"ci", "deploy"}[i%2], Ref: engine.Ref{Repo: []string{"a/a", "a/b", long}[i%3]},
			Status: []status.Run{status.RunSuccess, status.RunFailed, status.RunPending, status.RunCancelled}[i%4], CreatedAt: b.now.Add(time.Duration(i/2) * time.Second)})
	}
	b.tx(func(tx store.Tx) error { return tx.Runs().InsertAll(ctx, rs, make([]engine.Snapshot, len(rs))) })
	for name, f := range map[string]store.RunFilter{
		"all": {Limit: 100}, "a page": {Limit: 7, Skip: 9}, "behind the end": {Limit: 7, Skip: 58}, "nothing": {Limit: 9, Repo: "a/d"},
		"failed": {Limit: 100, Statuses: []status.Run{status.RunFailed}}, "two kinds": {Limit: 5, Skip: 3, Statuses: []status.Run{status.RunFailed, status.RunSuccess, status.RunFailed}},
		"no such status": {Limit: 5, Statuses: []status.Run{"gone"}}, "workflow": {Limit: 8, Workflow: "deploy"}, "repository": {Limit: 8, Repo: "a/b"},
		"both": {Limit: 8, Workflow: "ci", Repo: long, Statuses: []status.Run{status.RunSuccess}}, "since": {Limit: 100, Since: b.now.Add(20 * time.Second)},
		"since, failed": {Limit: 3, Skip: 1, Since: b.now.Add(20 * time.Second), Statuses: []status.Run{status.RunFailed, status.RunPending}},
	} {
		b.tx(func(tx store.Tx) error {
			got, err := tx.Runs().List(ctx, f)
			same(t, name, got, listed(rs, f), err)
			return nil
		})
	}
}

// listed is what a filter means.
func listed(rs []engine.Run, f store.RunFilter) (out []engine.Run) {
	skip := f.Skip
	for _, r := range slices.Backward(rs) {
		if len(f.Statuses) > 0 && !slices.Contains(f.Statuses, r.Status) || f.Workflow != "" && f.Workflow != r.Workflow ||
			f.Repo != "" && f.Repo != r.Ref.Repo || r.CreatedAt.Before(f.Since) {
			continue
		}
		if skip--; skip < 0 && len(out) < f.Limit {
			out = append(out, r)
		}
	}
	return out
}
