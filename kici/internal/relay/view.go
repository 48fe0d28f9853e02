package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/transport/message"
)

// view writes down what orchestrators tell of their runs: what a dashboard shows
// when nobody can be asked. Of steps only their state is kept, since what they give
// out is the customer's; logs and events pass through to whoever follows them.
type view struct {
	store   store.Store
	now     func() time.Time
	streams streams
}

func newView(s store.Store, now func() time.Time) *view {
	return &view{store: s, now: now, streams: streams{open: map[*stream]struct{}{}}}
}

// Take implements relayend.Sink.
func (v *view) Take(ctx context.Context, org engine.OrgID, told []message.Message) error {
	var parts []engine.RunPart
	for _, m := range told {
		parts = append(parts, v.parts(org, m)...)
	}
	if len(parts) > 0 {
		if err := v.store.Tx(ctx, func(tx store.Tx) error { return tx.Relay().PutParts(ctx, parts...) }); err != nil {
			return err
		}
	}
	for _, m := range told {
		v.streams.tell(org, m)
	}
	return nil
}

// parts are what is kept of a message.
func (v *view) parts(org engine.OrgID, m message.Message) (out []engine.RunPart) {
	add := func(run, part, state string, at int64, data any) {
		if run == "" || len(run) > maxID || len(part) > 3*maxID || len(state) > maxID || strings.Contains(run+part+state, "\x00") {
			return // no run of ours is called so, and no store may have to refuse it
		}
		text, err := json.Marshal(data)
		if err != nil {
			return // what was read can be written
		}
		out = append(out, engine.RunPart{Org: org, Run: engine.RunID(run), Part: part, Status: state, Data: text, UpdatedAt: moment(at, v.now())})
	}
	switch m := m.(type) {
	case *message.ExecutionStatus:
		add(m.RunID, "", string(m.Status), m.Timestamp, m)
	case *message.JobStatusForward:
		add(m.RunID, "job/"+m.JobID, string(m.Status), m.Timestamp, m)
	case *message.StepStatusForward:
		kept := *m
		kept.Data = nil
		add(m.RunID, fmt.Sprintf("step/%s/%d", m.JobID, m.StepIndex), string(m.State), m.Timestamp, kept)
	case *message.StateReplay:
		for _, run := range m.Runs {
			add(run.RunID, "", string(run.Status), m.Timestamp, run.ExecutionStatus)
			for _, j := range run.Jobs {
				add(run.RunID, "job/"+j.JobID, string(j.Status), m.Timestamp, message.JobStatusForward{RunID: run.RunID, JobSnapshot: j, Timestamp: m.Timestamp})
			}
		}
	}
	return out
}

// maxID bounds what an orchestrator may call a run or a job.
const maxID = 200

// moment is a time of the wire; one that is absurd is now.
func moment(millis int64, now time.Time) time.Time {
	at := time.UnixMilli(millis).UTC()
	if millis <= 0 || at.After(now.Add(time.Hour)) {
		return now
	}
	return at
}
