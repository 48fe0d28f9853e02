package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/measure"
	"github.com/kici-dev/kici-go/kici/adminclient"
	"github.com/kici-dev/kici-go/kici/kicitest/rig"
)

// stage is an orchestrator on one of the databases.
type stage struct {
	name   string
	o      *orchestrator
	server *rig.Server // nil: SQLite
	db     *session    // nil: SQLite
}

// on runs f on Postgres and then on SQLite, each with a fresh orchestrator.
func (b *bench) on(ctx context.Context, names []string, f func(s *stage) error) error {
	for _, name := range names {
		if err := b.staged(ctx, name, f); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (b *bench) staged(ctx context.Context, name string, f func(s *stage) error) (err error) {
	s := &stage{name: name}
	url := ""
	if name == "PostgreSQL" {
		if s.server, s.db, err = postgres(ctx); err != nil {
			return err
		}
		defer func() { s.db.close(); err = errors.Join(err, s.server.Stop()) }()
		url = s.server.URL
	}
	if s.o, err = b.orchestrate(ctx, url); err != nil {
		return err
	}
	defer s.o.stop()
	return f(s)
}

// settings are those that say what durable means here.
func (s *stage) settings() (string, error) {
	if s.db == nil {
		return "SQLite: synchronous=FULL", nil
	}
	lines, err := s.db.ask("SELECT 'PostgreSQL ' || current_setting('server_version') || ': fsync=' || current_setting('fsync') || ', synchronous_commit=' || current_setting('synchronous_commit') || ', full_page_writes=' || current_setting('full_page_writes') || ', shared_buffers=' || current_setting('shared_buffers')")
	if err != nil || len(lines) == 0 {
		return "", err
	}
	return lines[0], nil
}

// cpu is what orchestrator and database have taken so far.
func (s *stage) cpu() (orchestrator, database time.Duration) {
	orchestrator = spent(s.o.cmd.Process.Pid)
	if s.server != nil {
		database = family(s.server.Pid())
	}
	return orchestrator, database
}

func databases() []string { return []string{"PostgreSQL", "SQLite"} }

// webhooks is how many signed deliveries a second are answered, durable and in the
// log, by how many connections send them.
func webhooks(ctx context.Context, b *bench) error {
	b.section("Webhooks", "webhooks")
	var rows [][]string
	var notes []string
	err := b.on(ctx, databases(), func(s *stage) error {
		if err := s.o.source(ctx, "generic", nil); err != nil {
			return err
		}
		note, err := s.settings()
		if err != nil {
			return err
		}
		notes = append(notes, note)
		from, best := generic(s.o), 0.0
		for _, connections := range []int{1, 8, 32, 128} {
			if _, err := from.burst(ctx, connections, 0, time.Second); err != nil { // warm
				return err
			}
			o0, d0 := s.cpu()
			l, err := from.burst(ctx, connections, 0, b.seconds(8))
			if err != nil {
				return err
			}
			o1, d1 := s.cpu()
			best = max(best, l.rate())
			rows = append(rows, []string{s.name, fmt.Sprint(connections), fmt.Sprintf("%.0f", l.rate()), ms(measure.Median(l.waits)), ms(measure.Quantile(l.waits, 0.99)),
				each(o1-o0, l.sent), each(d1-d0, l.sent)})
		}
		b.goal("signed webhooks of 2 KB a second, answered and durably logged, "+s.name, "2,500", fmt.Sprintf("%.0f", best))
		return b.logged(ctx, s, int(from.serial.Load()))
	})
	if err != nil {
		return err
	}
	if err := b.table([]string{"", "connections", "answered a second", "p50", "p99", "orchestrator's CPU each", "database's CPU each"}, rows); err != nil {
		return err
	}
	for _, n := range notes {
		fmt.Fprintln(b.out, "\n"+n)
	}
	return nil
}

// logged holds that what was answered is in the log, once each.
func (b *bench) logged(_ context.Context, s *stage, want int) error {
	if s.db == nil {
		return nil
	}
	got, err := s.db.number("SELECT count(*) FROM kici.event_log")
	if err == nil && got != want {
		err = fmt.Errorf("%d deliveries were answered and %d are in the log", want, got)
	}
	return err
}

// pushes is how many runs a second come of matching pushes, from the first byte of
// the first to the commit of the last run.
func pushes(ctx context.Context, b *bench) error {
	b.section("Pushes", "pushes")
	var rows [][]string
	err := b.on(ctx, databases(), func(s *stage) error {
		if err := s.o.pushed(ctx); err != nil {
			return err
		}
		from := push(s.o, 1300)
		if _, err := s.runs(ctx, from, 1, 50); err != nil { // warm
			return err
		}
		rate := 0.0
		for _, n := range []int{500, 2000, 5000, 10000} {
			n = b.scaled(n)
			o0, d0 := s.cpu()
			took, err := s.runs(ctx, from, 32, n)
			if err != nil {
				return err
			}
			o1, d1 := s.cpu()
			rate = float64(n) / took.Seconds()
			rows = append(rows, []string{s.name, fmt.Sprint(n), fmt.Sprintf("%.0f", rate), each(o1-o0, n), each(d1-d0, n)})
		}
		b.goal("matching pushes a second made durable runs, "+s.name, "1,000", fmt.Sprintf("%.0f", rate))
		return nil
	})
	if err != nil {
		return err
	}
	return b.table([]string{"", "pushes", "runs a second", "orchestrator's CPU each", "database's CPU each"}, rows)
}

// runs posts n pushes and waits until each has its run.
func (s *stage) runs(ctx context.Context, from *sender, connections, n int) (time.Duration, error) {
	before := int(from.serial.Load())
	begin := time.Now()
	if _, err := from.burst(ctx, connections, n, 0); err != nil {
		return 0, err
	}
	for deadline := begin.Add(5 * time.Minute); ; {
		have, err := s.counted(ctx, before+n)
		if err != nil || have == before+n {
			return time.Since(begin), err
		}
		if have > before+n || time.Now().After(deadline) {
			return 0, fmt.Errorf("%d pushes made %d runs", before+n, have)
		}
		pause := 20 * time.Millisecond
		if s.db == nil { // a list goes through all of them
			pause = 250 * time.Millisecond
		}
		time.Sleep(pause)
	}
}

// counted is how many runs there are; where nothing counts, whether there are as
// many as wanted.
func (s *stage) counted(ctx context.Context, want int) (int, error) {
	if s.db != nil {
		return s.db.number("SELECT count(*) FROM kici.runs")
	}
	found, err := s.o.admin.Runs(ctx, adminclient.RunFilter{Limit: 2, Offset: want - 1})
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return want - 1 + len(found), nil
}
