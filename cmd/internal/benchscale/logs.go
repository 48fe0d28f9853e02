package main

import (
	"context"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/measure"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

// tailed is how many of the last lines are read.
const tailed = 100

// logTail is how long the last lines of a log take, by its length.
func logTail(ctx context.Context, b *bench) error {
	b.section("The end of a log", "logs")
	var rows [][]string
	err := b.on(ctx, databases(), func(s *stage) error {
		if err := s.o.pushed(ctx); err != nil {
			return err
		}
		for _, n := range []int{1000, 10_000, 100_000, 1_000_000} {
			n = b.scaled(n)
			id, wrote, err := s.logging(ctx, n)
			if err != nil {
				return err
			}
			var waits []time.Duration
			for range 50 {
				begin := time.Now()
				lines := 0
				last := int64(0)
				for l, err := range s.o.admin.Logs(ctx, id, adminclient.LogFilter{Tail: tailed}) {
					if err != nil {
						return err
					}
					lines, last = lines+1, l.Number
				}
				waits = append(waits, time.Since(begin))
				if lines != min(tailed, n) || last != int64(n-1) {
					return fmt.Errorf("%d lines up to %d of %d", lines, last, n)
				}
			}
			rows = append(rows, []string{s.name, fmt.Sprint(n), fmt.Sprintf("%.0f", float64(n)/wrote.Seconds()), ms(measure.Median(waits)), ms(measure.Quantile(waits, 0.99))})
			if n == b.scaled(1_000_000) {
				b.goal(fmt.Sprintf("the end of a log of %d lines, p99, %s", n, s.name), "200 ms", ms(measure.Quantile(waits, 0.99)))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "The last %d lines, over the admin API.\n\n", tailed)
	return b.table([]string{"", "lines", "stored a second", "p50", "p99"}, rows)
}

// logging runs a job that logs n lines, and gives its run.
func (s *stage) logging(ctx context.Context, n int) (id string, took time.Duration, err error) {
	crowd := newAgency()
	defer func() { _ = crowd.dismiss() }()
	if err := crowd.hire(s.o, 1, "-lines", fmt.Sprint(n)); err != nil {
		return "", 0, err
	}
	if err := crowd.until(ctx, "the agent", time.Minute, func() bool { return crowd.present() == 1 }); err != nil {
		return "", 0, err
	}
	begin := time.Now()
	if _, err := push(s.o, 1300).burst(ctx, 1, 1, 0); err != nil {
		return "", 0, err
	}
	err = s.eventually(ctx, func() (bool, error) {
		found, err := s.o.admin.Runs(ctx, adminclient.RunFilter{Limit: 1})
		if err != nil || len(found) == 0 || !found[0].CreatedAt.After(begin) {
			return false, err
		}
		id = found[0].ID
		if found[0].Status == "failed" {
			return false, fmt.Errorf("the run failed: %s", found[0].Reason)
		}
		return found[0].Status == "success", nil
	})
	return id, time.Since(begin), err
}
