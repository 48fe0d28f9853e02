package serverend

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/logs"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport/message"
)

// records writes a batch down. When it returns, all of it is durable.
func (l *link) records(ctx context.Context, batch []message.Message) error {
	b := &translation{}
	for _, m := range batch {
		b.add(m)
	}
	b.flushLogs()
	if len(b.reports) > 0 {
		if err := l.member.Report(ctx, b.reports); err != nil {
			return err
		}
	}
	for _, q := range b.questions {
		if err := l.answerQuestion(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// translation turns messages into reports, in their order. Log chunks that
// follow each other are packed together, outside of the transaction.
type translation struct {
	reports   []runs.Report
	questions []message.Message

	about  message.JobRef // of the frames
	frames []logs.Frame
}

func token(r message.JobRef) engine.Token {
	return engine.Token{Job: engine.JobID(r.JobID), Fence: engine.Fence(r.Fence)}
}

func (b *translation) report(ref message.JobRef, r runs.Report) {
	b.flushLogs()
	r.Token, r.Run = token(ref), engine.RunID(ref.RunID)
	b.reports = append(b.reports, r)
}

func (b *translation) add(m message.Message) {
	switch m := m.(type) {
	case *message.LogChunk:
		b.log(m)
	case *message.JobAck:
		b.report(m.JobRef, runs.Report{Acked: true})
	case *message.JobReject:
		b.report(m.JobRef, runs.Report{Rejected: string(m.Reason)})
	case *message.JobStatus:
		b.job(m)
	case *message.StepStatus:
		b.report(m.JobRef, runs.Report{Step: step(m)})
	default:
		b.questions = append(b.questions, m)
	}
}

func (b *translation) log(m *message.LogChunk) {
	if b.about != m.JobRef {
		b.flushLogs()
		b.about = m.JobRef
	}
	b.frames = append(b.frames, logs.Frame{Step: m.StepIndex, Seq: m.Chunk, Lines: m.Lines, At: time.UnixMilli(m.Timestamp)})
}

func (b *translation) flushLogs() {
	if len(b.frames) == 0 {
		return
	}
	packed, ref := logs.Pack(b.frames), b.about
	b.frames = nil
	b.report(ref, runs.Report{Also: func(ctx context.Context, tx store.Tx, a *engine.Attempt) error {
		return packed.AppendTx(ctx, tx, a.ID)
	}})
}

func (b *translation) job(m *message.JobStatus) {
	if !m.State.Terminal() {
		b.report(m.JobRef, runs.Report{Started: true})
		return
	}
	f := &runs.Finished{}
	if m.Data != nil && m.Data.Result != nil {
		f.Result = *m.Data.Result
	} else { // an agent that says no more than the state
		f.Result.Status = map[status.Job]jobspec.Status{
			status.JobSuccess: jobspec.Success, status.JobSkipped: jobspec.Skipped, status.JobCancelled: jobspec.Cancelled,
		}[m.State]
		if f.Result.Status == "" {
			f.Result.Status = jobspec.Failed
		}
	}
	if len(m.SecretOutputs) > 0 {
		f.Secrets, _ = json.Marshal(m.SecretOutputs) // strings always encode
	}
	b.report(m.JobRef, runs.Report{Finished: f})
}

func step(m *message.StepStatus) *engine.Step {
	s := &engine.Step{Index: m.StepIndex, Kind: m.StepType, Name: m.StepName, Status: m.State}
	if s.Kind == "" {
		s.Kind = "step"
	}
	at := time.UnixMilli(m.Timestamp).UTC()
	s.StartedAt = at
	if m.Data != nil {
		s.Error = m.Data.Error
		s.Data, _ = json.Marshal(m.Data) // its raw parts were parsed a moment ago
	}
	if s.Status.Terminal() {
		s.FinishedAt = at
		if m.Data != nil {
			s.StartedAt = at.Add(-time.Duration(m.Data.DurationMS * float64(time.Millisecond)))
		}
	}
	if m.LogBytesStreamed != nil {
		s.LogBytes = *m.LogBytesStreamed
	}
	return s
}
