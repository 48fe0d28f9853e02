package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/measure"
)

// perProcess is how many agents a process plays.
const perProcess = 5000

// agents is what connected agents cost, and how soon one of them has a job that
// has just been queued.
func agents(ctx context.Context, b *bench) error {
	b.section("Agents", "agents")
	var rows [][]string
	err := b.staged(ctx, "PostgreSQL", func(s *stage) error {
		if err := s.o.pushed(ctx); err != nil {
			return err
		}
		from := push(s.o, 1300)
		crowd := newAgency()
		defer func() { _ = crowd.dismiss() }()
		pid := s.o.cmd.Process.Pid
		empty := resident(pid, false)
		total := 0
		for _, n := range []int{10, 100, 1000, 5000, 10000} {
			n = max(b.scaled(n), total)
			begin := time.Now()
			added := n - total
			for total < n {
				some := min(perProcess, n-total)
				if err := crowd.hire(s.o, some); err != nil {
					return err
				}
				total += some
			}
			if err := crowd.until(ctx, "agents", 5*time.Minute, func() bool { return crowd.present() == n }); err != nil {
				return err
			}
			joining := time.Since(begin)
			o0, d0 := s.cpu()
			time.Sleep(5 * time.Second)
			o1, d1 := s.cpu()
			idle := float64(o1-o0+d1-d0) / float64(5*time.Second) * 100
			waits, l, err := s.dispatched(ctx, b, from, crowd)
			if err != nil {
				return err
			}
			o2, d2 := s.cpu()
			rows = append(rows, []string{fmt.Sprint(n), fmt.Sprintf("%.0f", float64(added)/joining.Seconds()), mib(resident(pid, false)), mib(resident(pid, true)),
				fmt.Sprintf("%d KiB", (resident(pid, false)-empty)>>10/int64(n)), fmt.Sprintf("%.1f %%", idle),
				ms(measure.Median(waits)), ms(measure.Quantile(waits, 0.99)), ms(waits[len(waits)-1]), each(o2-o1, l.sent), each(d2-d1, l.sent)})
			if n == b.scaled(10000) {
				b.goal(fmt.Sprintf("memory of the orchestrator with %d agents, at its peak", n), "2 GiB", mib(resident(pid, true)))
				b.goal(fmt.Sprintf("dispatch with %d agents, p99", n), "50 ms", ms(measure.Quantile(waits, 0.99)))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "Pushes come at %d a second, each of one job. Dispatch is from the moment at which the job is queued, by the row in the database, to its arrival at the agent.\n\n", dispatchRate)
	return b.table([]string{"agents", "joined a second", "resident", "peak", "each", "CPU idle, of one core", "dispatch p50", "p99", "worst", "orchestrator's CPU per job", "database's CPU per job"}, rows)
}

func mib(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }

const dispatchRate = 100

// dispatched sends pushes at a steady rate and gives how long each job took from
// the queue to its agent.
func (s *stage) dispatched(ctx context.Context, b *bench, from *sender, crowd *agency) ([]time.Duration, *load, error) {
	since := time.Now()
	seconds := max(1, int(10*min(b.size, 1)))
	l, err := from.steady(ctx, 8, dispatchRate, time.Duration(seconds)*time.Second)
	if err != nil {
		return nil, nil, err
	}
	query := fmt.Sprintf("SELECT job_id || ' ' || enqueued_at FROM kici.dispatch_queue WHERE enqueued_at >= %d", since.UnixMicro())
	queued := map[string]time.Time{}
	if err := s.eventually(ctx, func() (bool, error) {
		lines, err := s.db.ask(query)
		for _, line := range lines {
			job, at, _ := strings.Cut(line, " ")
			us, _ := strconv.ParseInt(at, 10, 64)
			queued[job] = time.UnixMicro(us)
		}
		return len(queued) == l.sent, err
	}); err != nil {
		return nil, nil, fmt.Errorf("%d of %d jobs were queued: %w", len(queued), l.sent, err)
	}
	var waits []time.Duration
	err = crowd.until(ctx, "jobs", time.Minute, func() bool {
		waits = waits[:0]
		for job, at := range queued {
			got, ok := crowd.got[job]
			if !ok {
				return false
			}
			waits = append(waits, got.Sub(at))
		}
		return true
	})
	return waits, l, err
}

// eventually asks until the answer is yes.
func (s *stage) eventually(ctx context.Context, ask func() (bool, error)) error {
	for deadline := time.Now().Add(time.Minute); ; {
		ok, err := ask()
		switch {
		case ok || err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case time.Now().After(deadline):
			return errors.New("it takes longer than a minute")
		}
		time.Sleep(20 * time.Millisecond)
	}
}
