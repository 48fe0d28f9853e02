package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/measure"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

// history is what lists, details and new runs cost beside so many runs of before.
func history(ctx context.Context, b *bench) error {
	b.section("A long history", "history")
	var queries, costs [][]string
	var first, last time.Duration // what a push cost, beside little and much
	var worst time.Duration
	err := b.staged(ctx, "PostgreSQL", func(s *stage) error {
		if err := s.o.pushed(ctx); err != nil {
			return err
		}
		crowd := newAgency()
		defer func() { _ = crowd.dismiss() }()
		if err := crowd.hire(s.o, 50, "-slots", "4"); err != nil {
			return err
		}
		from := push(s.o, 0)                               // small ones: a million take a disk
		if err := s.finished(ctx, from, 200); err != nil { // warm, and what is multiplied
			return err
		}
		for _, n := range []int{1000, 10_000, 100_000, 1_000_000} {
			n = max(1000, b.scaled(n))
			begin := time.Now()
			have, err := s.db.number("SELECT count(*) FROM kici.runs")
			if err != nil {
				return err
			}
			if err := s.multiply(n - have); err != nil {
				return err
			}
			progress("%d runs of before, %.0f s", n, time.Since(begin).Seconds())
			cost, each, err := s.cost(ctx, from, max(100, b.scaled(2000)))
			if err != nil {
				return err
			}
			if last = each; first == 0 {
				first = each
			}
			costs = append(costs, append([]string{fmt.Sprint(n)}, cost...))
			rows, slowest, err := s.queries(ctx, n)
			if err != nil {
				return err
			}
			queries, worst = append(queries, rows...), slowest
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.goal(fmt.Sprintf("lists and details of %d runs, the slowest kind's p99", b.scaled(1_000_000)), "20 ms", ms(worst))
	b.goal(fmt.Sprintf("CPU of a push to the end of its run, %d runs before against 1000", b.scaled(1_000_000)), "1.0", fmt.Sprintf("%.2f (%s, %s)", float64(last)/float64(first), each(last, 1), each(first, 1)))
	fmt.Fprintf(b.out, "Every run of before is a copy of one that this orchestrator ran: run, job, attempt, step, queue entry and events, and a delivery for every four of them. Over the admin API:\n\n")
	if err := b.table([]string{"runs", "query", "p50", "p99"}, queries); err != nil {
		return err
	}
	fmt.Fprintf(b.out, "\nWhat a further push costs from its delivery to the end of its run, with agents that need no time:\n\n")
	return b.table([]string{"runs before", "runs a second", "orchestrator's CPU each", "database's CPU each", "database"}, costs)
}

// finished pushes n times and waits until all that was pushed is over.
func (s *stage) finished(ctx context.Context, from *sender, n int) error {
	if _, err := from.burst(ctx, 16, n, 0); err != nil {
		return err
	}
	return s.eventually(ctx, func() (bool, error) {
		open, err := s.db.number("SELECT (SELECT count(*) FROM kici.event_log WHERE status = 'received') + (SELECT count(*) FROM kici.runs WHERE status IN ('pending', 'running', 'held', 'cancelling'))")
		return open == 0, err
	})
}

// tables are those that a run leaves rows in, parents first, with the columns that
// are ids of their own. Payloads and the memory of what came before are not copied:
// retention takes them early, and a million take a disk.
func tables() [][]string {
	return [][]string{
		{"event_log", "id"}, {"runs", "id", "delivery_id"}, {"run_snapshots", "run_id"},
		{"jobs", "id", "run_id"}, {"dispatch_queue", "job_id", "run_id"}, {"attempts", "id", "job_id", "run_id"}, {"steps", "attempt_id"}, {"events", "run_id", "job_id"},
	}
}

// multiply adds n runs of before: copies of the last one that has ended, a second
// apart, each with ids of its own.
func (s *stage) multiply(n int) error {
	if n <= 0 {
		return nil
	}
	setup := `SET synchronous_commit = off; SET session_replication_role = replica; DROP TABLE IF EXISTS pg_temp.model;
		CREATE TEMP TABLE model AS SELECT r.id AS run, r.delivery_id AS delivery, j.id AS job, a.id AS attempt,
			(SELECT coalesce(min(extract(epoch FROM now())::bigint * 1000000 - 1000000 * n.n), 0) FROM (SELECT count(*) AS n FROM runs) n) AS newest
		FROM runs r JOIN jobs j ON j.run_id = r.id JOIN attempts a ON a.job_id = j.id WHERE r.status = 'success' ORDER BY r.created_at DESC LIMIT 1`
	if _, err := s.db.ask(setup); err != nil {
		return err
	}
	tag, err := s.db.number("SELECT count(*) FROM runs")
	if err != nil {
		return err
	}
	for _, t := range tables() {
		if err := s.copies(t[0], t[1:], tag, n); err != nil {
			return fmt.Errorf("%s: %w", t[0], err)
		}
	}
	_, err = s.db.ask("VACUUM (ANALYZE)")
	if err == nil {
		_, err = s.db.ask("CHECKPOINT")
	}
	return err
}

// copies multiplies the rows of the model in one table.
func (s *stage) copies(table string, ids []string, tag, n int) error {
	columns, err := s.db.ask("SELECT column_name FROM information_schema.columns WHERE table_schema = 'kici' AND table_name = '" + table + "' AND is_identity = 'NO' ORDER BY ordinal_position")
	if err != nil {
		return err
	}
	var values []string
	for _, c := range columns {
		switch {
		case contains(ids, c) && table == "events" && c == "job_id": // empty where it is about the run
			values = append(values, fmt.Sprintf("CASE WHEN t.%s = '' THEN '' ELSE t.%s || '-%d-' || g END", c, c, tag))
		case table == "event_log" && c == "id" || c == "delivery_id": // four runs have one
			values = append(values, fmt.Sprintf("t.%s || '-%d-' || (g - g %% 4)", c, tag))
		case contains(ids, c):
			values = append(values, fmt.Sprintf("t.%s || '-%d-' || g", c, tag))
		case c == "workflow_name" || c == "repo":
			values = append(values, fmt.Sprintf("t.%s || '-' || g %% 100", c))
		case (strings.HasSuffix(c, "_at") || strings.HasSuffix(c, "_deadline")) && c != "expires_at":
			values = append(values, fmt.Sprintf("CASE WHEN t.%s = 0 THEN 0 ELSE m.newest - 1000000 * g::bigint END", c))
		case c == "status" && table == "runs":
			values = append(values, "CASE WHEN g % 20 = 0 THEN 'failed' ELSE t.status END")
		default:
			values = append(values, "t."+c)
		}
	}
	where := map[string]string{
		"event_log": "t.id = m.delivery", "runs": "t.id = m.run", "jobs": "t.id = m.job", "attempts": "t.id = m.attempt",
		"dispatch_queue": "t.job_id = m.job", "steps": "t.attempt_id = m.attempt",
	}[table]
	if where == "" {
		where = "t.run_id = m.run"
	}
	every := 1
	if table == "event_log" {
		every = 4
	}
	_, err = s.db.ask(fmt.Sprintf("WITH t AS MATERIALIZED (SELECT t.* FROM model m JOIN %s t ON %s) INSERT INTO %s (%s) SELECT %s FROM generate_series(%d, 0, -%d) AS g, model m, t WHERE g > 0 OR %d > 1",
		table, where, table, strings.Join(columns, ", "), strings.Join(values, ", "), n-n%every, every, every))
	return err
}

func contains(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}

// cost is what n pushes take to the end of their runs; per is the processor time of
// each.
func (s *stage) cost(ctx context.Context, from *sender, n int) (row []string, per time.Duration, err error) {
	if err := s.finished(ctx, from, max(50, n/10)); err != nil { // warm
		return nil, 0, err
	}
	o0, d0 := s.cpu()
	begin := time.Now()
	if err := s.finished(ctx, from, n); err != nil {
		return nil, 0, err
	}
	took := time.Since(begin)
	o1, d1 := s.cpu()
	size, err := s.db.ask("SELECT pg_size_pretty(pg_database_size(current_database()))")
	if err != nil || len(size) == 0 {
		return nil, 0, err
	}
	return []string{fmt.Sprintf("%.0f", float64(n)/took.Seconds()), each(o1-o0, n), each(d1-d0, n), size[0]}, (o1 - o0 + d1 - d0) / time.Duration(n), nil
}

// queries times lists and details, spread over the whole history.
func (s *stage) queries(ctx context.Context, n int) (out [][]string, slowest time.Duration, err error) {
	ids, err := s.db.ask("SELECT id FROM runs ORDER BY md5(id) LIMIT 200")
	if err != nil {
		return nil, 0, err
	}
	admin := s.o.admin
	list := func(f adminclient.RunFilter, least int) func(int) error {
		return func(int) error {
			got, err := admin.Runs(ctx, f)
			if err == nil && len(got) < least {
				err = fmt.Errorf("%d runs", len(got))
			}
			return err
		}
	}
	for _, q := range []struct {
		name string
		ask  func(k int) error
	}{
		{"list, the newest 20", list(adminclient.RunFilter{}, 20)},
		{"list, failed ones", list(adminclient.RunFilter{Status: []string{"failed"}}, 20)},
		{"list, of one workflow", list(adminclient.RunFilter{Workflow: "ci-7"}, 5)},
		{"list, of one repository, failed", list(adminclient.RunFilter{Repo: "acme/web-40", Status: []string{"failed"}}, 5)},
		{"list, of a repository that has none", list(adminclient.RunFilter{Repo: "acme/none"}, 0)},
		{"detail, with jobs and steps", func(k int) error { _, err := admin.Run(ctx, ids[k%len(ids)]); return err }},
		{"explain, with the delivery", func(k int) error { _, err := admin.ExplainRun(ctx, ids[k%len(ids)]); return err }},
	} {
		var waits []time.Duration
		for k := range 200 {
			begin := time.Now()
			if err := q.ask(k); err != nil {
				return nil, 0, fmt.Errorf("%s: %w", q.name, err)
			}
			waits = append(waits, time.Since(begin))
		}
		p99 := measure.Quantile(waits, 0.99)
		slowest = max(slowest, p99)
		out = append(out, []string{fmt.Sprint(n), q.name, ms(measure.Median(waits)), ms(p99)})
	}
	return out, slowest, nil
}
