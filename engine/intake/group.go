package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// grouping is what the pure functions of a workflow said about the concurrency
// groups of its jobs, by place. A problem fails the run.
type grouping struct {
	names   map[int]string
	problem string
}

// group asks those functions. It is done before the transaction, which waits for
// nobody.
func (i *Intake) group(ctx context.Context, m *matched) error {
	for _, decided := range trigger.Matched(m.decisions) {
		var g grouping
		ev := &m.event.Event
		if decided.Event != nil {
			ev = decided.Event
		}
		for k, j := range decided.Workflow.Jobs {
			if j.Static == nil || j.Static.ConcurrencyGroup == nil || j.Static.ConcurrencyGroup.Inline == nil {
				continue
			}
			name, err := i.named(ctx, j.Static.ConcurrencyGroup.Inline.Expression, ev)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if errors.Is(err, engine.ErrUnavailable) { // the sweep tries again
				return err
			}
			if err != nil {
				g.problem = fmt.Sprintf("job %q: concurrencyGroup: %v", j.Static.Name, err)
				break
			}
			if g.names == nil {
				g.names = map[int]string{}
			}
			g.names[k] = name
		}
		if g.names != nil || g.problem != "" {
			if m.groups == nil {
				m.groups = map[string]grouping{}
			}
			m.groups[decided.WorkflowName] = g
		}
	}
	return nil
}

func (i *Intake) named(ctx context.Context, function string, e *event.Event) (name string, err error) {
	if i.Evaluator == nil {
		return "", errors.New("this orchestrator evaluates no expressions")
	}
	ev, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	value, err := i.Evaluator.Evaluate(ctx, "concurrencyGroup", function, ev)
	if err != nil || string(value) == "null" {
		return "", err
	}
	return name, json.Unmarshal(value, &name)
}
