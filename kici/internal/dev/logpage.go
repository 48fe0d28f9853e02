package dev

import (
	"context"
	"fmt"
	"io"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/logs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/orchestrator"
)

// logPage writes all that a run has printed as text.
type logPage struct {
	rooms *orchestrator.Rooms
	out   io.Writer
}

func (p *logPage) write(ctx context.Context, run *engine.Run, jobs []engine.Job) error {
	fmt.Fprintf(p.out, "%s %s: %s %s\n", run.Workflow, run.Status, shortRef(run.Ref.Name), run.Ref.SHA)
	if run.Reason != "" {
		fmt.Fprintln(p.out, run.Reason)
	}
	for i := range jobs {
		if err := p.job(ctx, &jobs[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *logPage) job(ctx context.Context, j *engine.Job) error {
	fmt.Fprintf(p.out, "\n== %s: %s\n", localName(j.Name), j.Status)
	if j.Reason != "" {
		fmt.Fprintln(p.out, j.Reason)
	}
	var attempts []engine.Attempt
	steps := map[engine.AttemptID][]engine.Step{}
	err := p.rooms.Store.View(ctx, func(tx store.Tx) (err error) {
		attempts, err = tx.Queue().Attempts(ctx, j.ID)
		for i := range attempts {
			if err == nil {
				steps[attempts[i].ID], err = tx.Steps().Of(ctx, attempts[i].ID)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for i := range attempts {
		if len(attempts) > 1 {
			fmt.Fprintf(p.out, "-- attempt %d\n", i+1)
		}
		if err := p.attempt(ctx, &attempts[i], steps[attempts[i].ID]); err != nil {
			return err
		}
	}
	return nil
}

func (p *logPage) attempt(ctx context.Context, a *engine.Attempt, steps []engine.Step) error {
	names := map[int]string{executor.PrepareRow: "prepare"}
	for _, s := range steps {
		names[s.Index] = fmt.Sprintf("%s: %s", s.Name, s.Status)
	}
	last := executor.PrepareRow - 1
	for line, err := range p.rooms.Logs.Read(ctx, logs.Query{Attempt: a.ID}) {
		if err != nil {
			return err
		}
		if line.Step != last {
			last = line.Step
			fmt.Fprintf(p.out, "-> %s\n", names[last])
		}
		fmt.Fprintln(p.out, line.Text)
	}
	return nil
}
