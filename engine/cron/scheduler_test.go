package cron_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/cron"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/registry"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/lockfile"
)

// catcher is where events go: it notes what was committed.
type catcher struct {
	mu      sync.Mutex // guards signals and pending
	pending map[engine.DeliveryID]intake.Signal
	signals []intake.Signal
	serial  atomic.Int64
	fail    atomic.Int64 // that many times it cannot
}

func (c *catcher) SubmitTx(_ context.Context, _ store.Tx, s intake.Signal) (intake.Receipt, error) {
	if c.fail.Add(-1) >= 0 {
		return intake.Receipt{}, errors.New("out of order")
	}
	id := engine.DeliveryID(fmt.Sprint(c.serial.Add(1)))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending == nil {
		c.pending = map[engine.DeliveryID]intake.Signal{}
	}
	c.pending[id] = s
	return intake.Receipt{ID: id}, nil
}

func (c *catcher) Offer(rs ...intake.Receipt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range rs {
		c.signals = append(c.signals, c.pending[r.ID])
	}
}

// take gives what has fired as "workflow scheduledAt", and forgets it.
func (c *catcher) take(t *testing.T) (out []string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.signals {
		var p struct{ CronExpression, Timezone, ScheduledAt string }
		must(t, json.Unmarshal(s.Payload, &p))
		if p.CronExpression != s.Schedule.Cron || p.Timezone == "" || s.Type != "schedule" {
			t.Errorf("%s: %+v", s.Payload, s)
		}
		out = append(out, s.Schedule.Workflow+" "+p.ScheduledAt)
	}
	c.signals = nil
	return out
}

type bench struct {
	*cron.Scheduler
	t     *testing.T
	store store.Store
	sink  *catcher
}

func setup(t *testing.T) *bench {
	t.Helper()
	s, err := sqlite.Open(context.Background(), "")
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	must(t, s.Migrate(context.Background(), time.Now()))
	b := &bench{t: t, store: s, sink: &catcher{}}
	b.Scheduler = b.another()
	return b
}

// another is a scheduler of another process.
func (b *bench) another() *cron.Scheduler {
	log := slog.New(slog.DiscardHandler)
	return cron.New(b.store, cron.Config{Now: time.Now, Log: log, Registry: registry.New(b.store, log), Intake: b.sink})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func every(expression, zone string) lockfile.Trigger {
	return lockfile.Trigger{Type: lockfile.TriggerSchedule, CronExpression: expression, Timezone: zone}
}

func (b *bench) register(at time.Time, ws map[string][]lockfile.Trigger) {
	b.t.Helper()
	ctx := context.Background()
	f := &lockfile.File{}
	for name, ts := range ws {
		f.Workflows = append(f.Workflows, lockfile.Workflow{Name: name, Source: lockfile.Source{File: name + ".ts", Export: "#default"}, Triggers: ts,
			Jobs: []lockfile.Job{{Static: &lockfile.StaticJob{Type: "static", Name: "a"}}}})
	}
	slices.SortFunc(f.Workflows, func(a, b lockfile.Workflow) int { return len(a.Name) - len(b.Name) })
	must(b.t, lockfile.Seal(f))
	text, err := lockfile.Encode(f)
	must(b.t, err)
	must(b.t, b.store.Tx(ctx, func(tx store.Tx) error {
		return tx.Sources().Register(ctx, &engine.Registration{Source: "s", Ref: engine.Ref{Repo: "a/b", SHA: "1"}, RoutingKey: "k", Lock: text, UpdatedAt: at})
	}))
}

func (b *bench) tick(now time.Time) time.Time {
	b.t.Helper()
	next, err := b.Tick(context.Background(), now)
	must(b.t, err)
	return next
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func (b *bench) fired(want ...string) {
	b.t.Helper()
	got := b.sink.take(b.t)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		b.t.Errorf("fired %q, want %q", got, want)
	}
}

func TestNeverEarlyAndOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register(at("2026-01-01T00:00:30Z"), map[string][]lockfile.Trigger{"m": {every("* * * * *", ""), every("* * * * *", "")}, "hour": {every("0 * * * *", "UTC")}, "": {every("0 * * * *", "UTC")}})
	if next := b.tick(at("2026-01-01T00:00:30Z")); !next.Equal(at("2026-01-01T00:01:00Z")) {
		t.Error(next)
	}
	b.tick(at("2026-01-01T00:00:59Z").Add(999 * time.Millisecond))
	b.fired()
	b.tick(at("2026-01-01T00:01:00Z"))
	b.fired("m 2026-01-01T00:01:00.000Z")
	b.tick(at("2026-01-01T00:01:00Z"))
	b.tick(at("2026-01-01T00:01:59Z"))
	b.fired()
	b.tick(at("2026-01-01T00:02:01Z"))
	b.fired("m 2026-01-01T00:02:00.000Z")
	b.tick(at("2026-01-01T01:00:00Z")) // an hour without a look
	b.fired(" 2026-01-01T01:00:00.000Z", "hour 2026-01-01T01:00:00.000Z", "m 2026-01-01T01:00:00.000Z")
}

// A schedule that is new, gone, back again, or moved about in its file.
func TestRegistrations(t *testing.T) {
	t.Parallel()
	b := setup(t)
	day, other := every("0 2 * * *", "UTC"), every("0 4 * * *", "UTC")
	b.tick(at("2026-01-01T00:00:00Z"))
	b.register(at("2026-01-02T01:59:59Z"), map[string][]lockfile.Trigger{"w": {day}})
	b.tick(at("2026-01-02T02:00:03Z")) // seen only afterwards
	b.fired("w 2026-01-02T02:00:00.000Z")
	b.register(at("2026-01-03T02:00:00Z").Add(time.Millisecond), map[string][]lockfile.Trigger{"w": {other, day}})
	b.tick(at("2026-01-03T02:00:01Z")) // a push between the instant and the look loses nothing
	b.fired("w 2026-01-03T02:00:00.000Z")
	b.register(at("2026-01-03T03:00:00Z"), map[string][]lockfile.Trigger{"w": {other}})
	b.tick(at("2026-01-03T03:00:01Z"))
	b.tick(at("2026-01-05T03:00:00Z"))
	b.fired("w 2026-01-04T04:00:00.000Z")
	b.register(at("2026-01-05T03:00:00Z"), map[string][]lockfile.Trigger{"w": {day, other}})
	b.tick(at("2026-01-05T03:00:01Z")) // what it would have been while it was gone, it has not missed
	b.fired()
	b.tick(at("2026-01-06T02:00:00Z"))
	b.fired("w 2026-01-05T04:00:00.000Z", "w 2026-01-06T02:00:00.000Z")
	off := func(enabled bool) {
		must(t, b.store.Tx(context.Background(), func(tx store.Tx) error {
			return tx.Sources().Put(context.Background(), &engine.Source{ID: "s", Name: "s", Enabled: enabled})
		}))
	}
	off(false)
	b.tick(at("2026-01-06T02:10:00Z"))
	b.tick(at("2026-01-06T04:10:00Z"))
	off(true)
	b.tick(at("2026-01-06T04:10:01Z")) // what its source was disabled for, it has not missed
	b.fired()
	broken := every("0 2 * * *", "Nowhere/Land")
	b.register(at("2026-01-06T02:30:00Z"), map[string][]lockfile.Trigger{"w": {broken}})
	if next := b.tick(at("2026-01-07T02:30:00Z")); !next.IsZero() {
		t.Error(next)
	}
	b.fired()
}

// After a time without anybody, each schedule fires once.
func TestCatchUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register(at("2026-01-01T00:00:00Z"), map[string][]lockfile.Trigger{
		"minute": {every("* * * * *", "UTC")}, "day": {every("0 2 * * *", "UTC")}, "year": {every("0 0 1 1 *", "UTC")}, "leap": {every("0 0 29 2 *", "UTC")},
	})
	b.tick(at("2026-01-01T00:00:00Z"))
	b.fired()
	b.Scheduler = b.another()
	b.tick(at("2028-03-10T10:30:30Z"))
	b.fired("day 2028-03-10T02:00:00.000Z", "leap 2028-02-29T00:00:00.000Z", "minute 2028-03-10T10:30:00.000Z", "year 2028-01-01T00:00:00.000Z")
	b.Scheduler = b.another() // the next leader
	b.tick(at("2028-03-10T10:30:59Z"))
	b.fired()
	b.tick(at("2028-03-10T10:31:00Z"))
	b.fired("minute 2028-03-10T10:31:00.000Z")
}

// Several that all believe they lead.
func TestOneOfMany(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register(at("2026-01-01T00:00:00Z"), map[string][]lockfile.Trigger{"m": {every("* * * * *", "UTC")}, "five": {every("*/5 * * * *", "UTC")}})
	all := []*cron.Scheduler{b.another(), b.another(), b.another()}
	now := at("2026-01-01T00:00:00Z")
	for range 60 {
		var g sync.WaitGroup
		for _, s := range all {
			g.Go(func() {
				if _, err := s.Tick(context.Background(), now); err != nil {
					t.Error(err)
				}
			})
		}
		g.Wait()
		now = now.Add(time.Minute)
	}
	got := b.sink.take(t)
	slices.Sort(got)
	if n := len(got); n != 59+11 || len(slices.Compact(got)) != n {
		t.Errorf("fired %d times: %q", n, got)
	}
}

// What could not be handed over fires at the next look.
func TestFailedHandOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.register(at("2026-01-01T00:00:00Z"), map[string][]lockfile.Trigger{"m": {every("* * * * *", "UTC")}})
	b.tick(at("2026-01-01T00:00:00Z"))
	b.sink.fail.Store(1)
	if _, err := b.Tick(context.Background(), at("2026-01-01T00:01:00Z")); err == nil {
		t.Error("no error")
	}
	b.tick(at("2026-01-01T00:01:01Z"))
	b.fired("m 2026-01-01T00:01:00.000Z")
}

// Four years of clocks that change: a fixed hour fires once a day, and one that
// is a wildcard keeps its pace.
func TestYearsOfSummerTime(t *testing.T) {
	t.Parallel()
	for zone, hour := range map[string]int{"Europe/Berlin": 2, "America/New_York": 2, "Australia/Lord_Howe": 2, "America/Sao_Paulo": 0, "Asia/Tokyo": 2} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			loc, err := time.LoadLocation(zone)
			must(t, err)
			start, end := at("2015-06-01T12:00:00Z"), at("2019-06-01T12:00:00Z")
			daily := every(fmt.Sprintf("15 %d * * *", hour), zone)
			b.register(start, map[string][]lockfile.Trigger{"daily": {daily}})
			days := map[string]int{}
			for now := b.tick(start); now.Before(end); now = b.tick(now) {
				for _, what := range b.sink.take(t) {
					days[at(what[len("daily "):]).In(loc).Format(time.DateOnly)]++
				}
			}
			for d := start.In(loc).AddDate(0, 0, 1); d.Before(end.AddDate(0, 0, -1)); d = d.AddDate(0, 0, 1) {
				if n := days[d.Format(time.DateOnly)]; n != 1 {
					t.Errorf("%s: %d times", d.Format(time.DateOnly), n)
				}
			}
		})
	}
	b := setup(t)
	start := at("2026-10-24T20:00:00Z") // Berlin goes back an hour in this night
	b.register(start, map[string][]lockfile.Trigger{"q": {every("*/15 * * * *", "Europe/Berlin")}})
	now, n := b.tick(start), 0
	for last := start; now.Before(start.Add(12 * time.Hour)); now, n = b.tick(now), n+1 {
		if now.Sub(last) != 15*time.Minute {
			t.Errorf("%s after %s", now, last)
		}
		last = now
	}
	if n != 47 {
		t.Errorf("fired %d times in twelve hours", n)
	}
}

// Run keeps time by itself, and ends.
func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		ctx, stop := context.WithCancel(context.Background())
		start := time.Now() // midnight, as synctest has it
		b.register(start, map[string][]lockfile.Trigger{"m": {every("* * * * *", "UTC")}})
		ended := make(chan error)
		go func() { ended <- b.Run(ctx) }()
		wait := func(d time.Duration) { <-time.After(d); synctest.Wait() }
		wait(59999 * time.Millisecond)
		b.fired()
		wait(2 * time.Millisecond)
		b.fired("m " + start.Add(time.Minute).UTC().Format("2006-01-02T15:04:05.000Z"))
		b.register(time.Now(), map[string][]lockfile.Trigger{"m": {every("* * * * *", "UTC")}, "new": {every("* * * * *", "UTC")}})
		wait(time.Minute)
		if got := b.sink.take(t); len(got) != 2 {
			t.Errorf("%q", got)
		}
		stop()
		must(t, <-ended)
		must(t, b.store.Close())
	})
}
