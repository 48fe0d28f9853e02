package main

import (
	"context"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/measure"
)

// restart is how long after kill -9 the first job is given out again, by how many
// wait. The process is started again at once; the agents connect again when an
// agent's patience says so.
func restart(ctx context.Context, b *bench) error {
	b.section("kill -9 to the first dispatch", "restart")
	var rows [][]string
	for _, n := range []int{10, 1000, 10000} {
		n = b.scaled(n)
		err := b.on(ctx, databases(), func(s *stage) error {
			if err := s.o.pushed(ctx); err != nil {
				return err
			}
			crowd := newAgency()
			defer func() { _ = crowd.dismiss() }()
			if err := crowd.hire(s.o, 20, "-idle"); err != nil {
				return err
			}
			if _, err := s.runs(ctx, push(s.o, 1300), 32, n+20); err != nil {
				return err
			}
			if err := crowd.until(ctx, "jobs", time.Minute, func() bool { return len(crowd.got) >= 20 }); err != nil {
				return err
			}
			var firsts, readies []time.Duration
			for range 5 {
				ready, first, err := s.killed(ctx, crowd)
				if err != nil {
					return err
				}
				readies, firsts = append(readies, ready), append(firsts, first)
			}
			rows = append(rows, []string{s.name, fmt.Sprint(n), ms(measure.Median(readies)), ms(measure.Median(firsts)), ms(firsts[len(firsts)-1])})
			b.goal(fmt.Sprintf("kill -9 to the first dispatch with %d jobs queued, worst of five, %s", n, s.name), "2 s", ms(firsts[len(firsts)-1]))
			return nil
		})
		if err != nil {
			return err
		}
	}
	return b.table([]string{"", "jobs queued", "ready again", "first dispatch", "worst of five"}, rows)
}

// killed kills the orchestrator, starts it again, and waits for a job.
func (s *stage) killed(ctx context.Context, crowd *agency) (ready, first time.Duration, err error) {
	begin := time.Now()
	s.o.kill()
	if err := s.o.start(ctx); err != nil {
		return 0, 0, err
	}
	ready = time.Since(begin)
	err = crowd.until(ctx, "a job", time.Minute, func() bool {
		for _, at := range crowd.got {
			if since := at.Sub(begin); since > 0 && (first == 0 || since < first) {
				first = since
			}
		}
		return first > 0
	})
	if err != nil {
		return 0, 0, err
	}
	// All of them are back before the next time.
	return ready, first, crowd.until(ctx, "agents", time.Minute, func() bool { return crowd.present() == 20 })
}
