package step

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/executor"
)

// hooks runs the hooks of one level and remembers which failed.
type hooks struct {
	e          *Engine
	ctx        context.Context
	job        context.Context // of the job's work
	end        time.Time       // when the job's time is over; zero without a timeout
	level      Level
	step       int           // of LevelStep
	row        *executor.Row // the step's row, for its own hooks
	infos      map[string]HookInfo
	next       int // index of the next row for a hook of its own
	failedStep string
	problems   []string
	late       bool // one of them ran into the end of the job's time
}

// mute says whether a hook of this kind still runs: after a failure only
// cleanup does.
func (h *hooks) mute(kind string) bool {
	_, declared := h.infos[kind]
	return !declared || h.ctx.Err() != nil || len(h.problems) > 0 && kind != Cleanup
}

// around runs a hook that belongs to a step: its output goes to the step's row.
// Only a failure gets a row of its own, so that it can be seen.
func (h *hooks) around(kind string, row *executor.Row, status executor.Status, reason string) {
	if h.mute(kind) {
		return
	}
	start := time.Now()
	failedStep := ""
	if status == executor.Failed {
		failedStep = row.Name
	}
	err := h.invoke(kind, row.Index, h.e.outcome(status, reason, failedStep))
	if err == nil {
		return
	}
	f := h.fail(kind, err)
	// The row is reported without touching where output goes: the step is
	// still being reported.
	r := executor.RowResult{
		Row:    executor.Row{Index: row.Index, Kind: executor.RowHook, Name: kind + " (" + row.Name + ")"},
		Status: executor.Failed, Failure: f, Duration: time.Since(start),
	}
	h.e.sink.Lock()
	defer h.e.sink.Unlock()
	h.e.result.Rows = append(h.e.result.Rows, r)
	h.e.host.End(r)
}

// run runs a hook after the loop, in a row of its own.
func (h *hooks) run(kind string) {
	if h.mute(kind) {
		return
	}
	row := executor.Row{Index: h.next, Kind: executor.RowHook, Name: kind}
	h.next++
	h.e.begin(row)
	start := time.Now()
	res := h.e.result
	err := h.invoke(kind, h.step, h.e.outcome(res.Status, res.Reason, h.failedStep))
	r := executor.RowResult{Row: row, Status: executor.Success, Duration: time.Since(start)}
	if err != nil {
		r.Status, r.Failure = executor.Failed, h.fail(kind, err)
	}
	h.e.endScope()
	h.e.end(r)
}

func (h *hooks) invoke(kind string, step int, outcome *executor.Outcome) error {
	budget := ms(h.infos[kind].Timeout, h.e.limits.Hook)
	ctx, cancel := h.within()
	defer cancel()
	return h.e.call(ctx, budget, kind+" hook", MethodHook, params{Level: h.level, Kind: kind, Step: step, Outcome: outcome}, nil)
}

// within ends a hook with the job's time. One that begins when that is over, or
// when the job was cancelled, has its own budget only: cleanup always runs.
func (h *hooks) within() (context.Context, context.CancelFunc) {
	if h.end.IsZero() || h.job.Err() != nil {
		return h.ctx, func() {}
	}
	return context.WithDeadlineCause(h.ctx, h.end, h.e.jobTimeout)
}

func (h *hooks) fail(kind string, err error) *executor.Failure {
	f := h.e.asFailure(h.ctx, err)
	h.late = h.late || f == h.e.jobTimeout
	h.problems = append(h.problems, fmt.Sprintf("%s hook failed: %s", kind, f.Message))
	return f
}

// settle turns failed hooks into the status of the job.
func (h *hooks) settle() {
	if len(h.problems) == 0 {
		return
	}
	res := h.e.result
	prior := string(res.Status)
	if res.Status == executor.Failed && res.Reason != "" {
		prior += ": " + res.Reason
	}
	res.Reason = fmt.Sprintf("%s (%s)", prior, strings.Join(h.problems, "; "))
	if h.late && res.Status != executor.Failed {
		res.Reason, res.Failure = executor.ReasonJobTimeout, h.e.jobTimeout
	}
	res.Status = executor.Failed
	if res.Failure == nil {
		res.Failure = &executor.Failure{Kind: executor.Thrown, Message: res.Reason}
	}
}
