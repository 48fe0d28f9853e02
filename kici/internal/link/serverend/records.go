package serverend

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/logs"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport/message"
)

// records writes a batch down. When it returns, all of it is durable. Questions
// keep their place among the reports: what a job has saved is there before
// anybody hears that it has ended.
func (l *link) records(ctx context.Context, batch []message.Message) error {
	b := &translation{now: l.s.Now(), proof: l.proof}
	for _, m := range batch {
		if b.add(m) {
			continue
		}
		if err := l.report(ctx, b); err != nil {
			return err
		}
		mine, err := l.owns(ctx, m)
		if err != nil {
			return err
		}
		if err := l.answerQuestion(ctx, m, mine); err != nil {
			return err
		}
	}
	if err := l.report(ctx, b); err != nil {
		return err
	}
	l.tap(batch)
	return nil
}

// tap passes on what somebody elsewhere may be following.
func (l *link) tap(batch []message.Message) {
	if l.s.Tap == nil {
		return
	}
	for _, m := range batch {
		switch m := m.(type) {
		case *message.LogChunk:
			l.s.Tap(m)
		case *message.RunEvent:
			l.s.Tap(m)
		case *message.JobContext:
			l.s.Tap(m)
		}
	}
}

// report writes down what was translated, and begins anew.
func (l *link) report(ctx context.Context, b *translation) error {
	b.flushLogs()
	reports := b.reports
	b.reports = nil
	if len(reports) == 0 {
		return nil
	}
	return l.member.Report(ctx, reports)
}

// translation turns messages into reports, in their order. Log chunks that
// follow each other are packed together, outside of the transaction.
type translation struct {
	now     time.Time
	proof   func(message.JobRef) engine.Token
	reports []runs.Report

	about  message.JobRef // of the frames
	frames []logs.Frame
}

// proof is what a message proves its right with. An agent that knows no fences
// means the attempt it was given.
func (l *link) proof(r message.JobRef) engine.Token {
	if !l.fences {
		return l.member.Token(engine.JobID(r.JobID))
	}
	return engine.Token{Job: engine.JobID(r.JobID), Fence: engine.Fence(r.Fence)}
}

func (b *translation) report(ref message.JobRef, r runs.Report) {
	b.flushLogs()
	if !storable(ref.RunID, ref.JobID) { // no run has such a name
		return
	}
	r.Token, r.Run = b.proof(ref), engine.RunID(ref.RunID)
	b.reports = append(b.reports, r)
}

// add takes a report; anything else is a question, which it leaves alone.
func (b *translation) add(m message.Message) bool {
	switch m := m.(type) {
	case *message.LogChunk:
		b.log(m)
	case *message.JobAck:
		b.report(m.JobRef, runs.Report{Acked: true})
	case *message.JobReject:
		b.report(m.JobRef, runs.Report{Rejected: stored(cmp.Or(string(m.Reason), "refused"))})
	case *message.JobStatus:
		b.job(m)
	case *message.StepStatus:
		if sensible(m.StepIndex) {
			b.report(m.JobRef, runs.Report{Step: b.step(m)})
		}
	default:
		return false
	}
	return true
}

func (b *translation) log(m *message.LogChunk) {
	if !sensible(m.StepIndex) {
		return
	}
	f := logs.Frame{Step: m.StepIndex, Seq: m.Chunk, Lines: m.Lines, At: moment(m.Timestamp, b.now)}
	if m.Chunk < 1 || m.Chunk == math.MaxInt64 {
		b.unnumbered(m.JobRef, f)
		return
	}
	if b.about != m.JobRef {
		b.flushLogs()
		b.about = m.JobRef
	}
	b.frames = append(b.frames, f)
}

// unnumbered is lines of an agent that does not count its chunks. It cannot send
// them again either, so they are simply the next ones.
func (b *translation) unnumbered(ref message.JobRef, f logs.Frame) {
	b.report(ref, runs.Report{Also: func(ctx context.Context, tx store.Tx, a *engine.Attempt) error {
		end, err := tx.Logs().End(ctx, a.ID, f.Step)
		if err != nil {
			return err
		}
		next := f
		next.Seq = end.Seq + 1
		return logs.AppendTx(ctx, tx, a.ID, []logs.Frame{next})
	}})
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
		storedResult(&f.Result)
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

func (b *translation) step(m *message.StepStatus) *engine.Step {
	s := &engine.Step{Index: m.StepIndex, Kind: stored(m.StepType), Name: stored(m.StepName), Status: status.Step(stored(string(m.State)))}
	if s.Kind == "" {
		s.Kind = "step"
	}
	at := moment(m.Timestamp, b.now)
	s.StartedAt = at
	if m.Data != nil {
		s.Error = stored(m.Data.Error)
		s.Data, _ = json.Marshal(m.Data) // its raw parts were parsed a moment ago
	}
	if s.Status.Terminal() {
		s.FinishedAt = at
		if m.Data != nil && m.Data.DurationMS > 0 && m.Data.DurationMS < float64(at.UnixMilli()) {
			s.StartedAt = at.Add(-time.Duration(m.Data.DurationMS * float64(time.Millisecond)))
		}
	}
	if m.LogBytesStreamed != nil {
		s.LogBytes = *m.LogBytesStreamed
	}
	return s
}
