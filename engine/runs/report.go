package runs

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/logs"
	"github.com/kici-dev/kici-go/engine/state"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
)

type jsonRaw = json.RawMessage

// Report is one thing that an agent says about an attempt; one of the fields
// below Run is set.
type Report struct {
	Token engine.Token
	Run   engine.RunID

	Acked    bool
	Rejected string // busy, draining
	Started  bool
	Step     *engine.Step // its Attempt is filled in here
	Finished *Finished
	// Also is written with the rest, for what other rooms keep of the attempt.
	Also func(ctx context.Context, tx store.Tx, a *engine.Attempt) error
}

// Finished is the end of an attempt.
type Finished struct {
	Result  jobspec.Result
	Secrets []byte // sealed secret outputs, JSON
}

// ApplyTx writes a batch of reports of one agent in their order. Reports of
// attempts that may not write any more, or that another agent has, are left out,
// and their tokens returned: the agent is to give them up.
func (r *Runs) ApplyTx(ctx context.Context, tx store.Tx, agent engine.AgentID, reports []Report) (stale []engine.Token, err error) {
	runs, err := r.openAll(ctx, tx, reports)
	if err != nil {
		return nil, err
	}
	seen := map[engine.Token]*reporting{}
	for i := range reports {
		q := &reports[i]
		rep := seen[q.Token]
		if rep == nil {
			rep = &reporting{d: runs[q.Run], token: q.Token}
			if err := rep.check(ctx, tx); err != nil {
				return nil, err
			}
			rep.stale = rep.stale || rep.attempt.Agent != agent // agents lie
			seen[q.Token] = rep
		}
		if rep.stale {
			continue
		}
		if err := rep.apply(q); err != nil {
			return nil, err
		}
	}
	return r.settle(runs, seen)
}

// openAll locks the runs of a batch, in the order of their ids, so that two
// batches never wait for each other.
func (r *Runs) openAll(ctx context.Context, tx store.Tx, reports []Report) (map[engine.RunID]*decision, error) {
	var ids []engine.RunID
	for i := range reports {
		ids = append(ids, reports[i].Run)
	}
	slices.Sort(ids)
	out := map[engine.RunID]*decision{}
	for _, id := range slices.Compact(ids) {
		d, err := r.open(ctx, tx, id)
		if errors.Is(err, engine.ErrNotFound) { // retention took it, or the agent made it up
			continue
		}
		if err != nil {
			return nil, err
		}
		out[id] = d
	}
	return out, nil
}

// settle saves the attempts and takes the decisions that follow.
func (r *Runs) settle(runs map[engine.RunID]*decision, seen map[engine.Token]*reporting) (stale []engine.Token, err error) {
	for _, token := range sortedTokens(seen) {
		rep := seen[token]
		if rep.stale {
			stale = append(stale, token)
			continue
		}
		if err := rep.save(); err != nil {
			return nil, err
		}
	}
	for _, id := range sortedRuns(runs) {
		d := runs[id]
		next := d.flush
		if d.decide {
			next = d.advance
		}
		if err := next(); err != nil {
			return nil, err
		}
	}
	return stale, nil
}

// reporting is what a batch says about one attempt.
type reporting struct {
	d       *decision
	token   engine.Token
	attempt *engine.Attempt
	job     *engine.Job
	stale   bool // also once the attempt has ended
	ended   bool
	dirty   bool
}

func (p *reporting) check(ctx context.Context, tx store.Tx) error {
	if p.d == nil {
		p.stale = true
		return nil
	}
	a, err := tx.Queue().Check(ctx, p.token)
	if errors.Is(err, engine.ErrStale) || err == nil && a.Run != p.d.run.ID {
		p.stale = true
		return nil
	}
	if err != nil {
		return err
	}
	// Not with the other jobs of the run: there may be hundreds, and most reports
	// decide nothing about them.
	p.attempt = a
	p.job, err = tx.Jobs().Alone(ctx, p.token.Job)
	return err
}

func (p *reporting) apply(q *Report) error {
	if p.ended { // a repeated message after the end is not the end of another attempt
		return nil
	}
	now := p.d.r.Now()
	p.attempt.SeenAt, p.dirty = now, true
	if p.attempt.AckedAt.IsZero() {
		p.attempt.AckedAt = now
	}
	if err := p.back(); err != nil {
		return err
	}
	switch {
	case q.Rejected != "":
		return p.reject(q.Rejected)
	case q.Started:
		return p.start()
	case q.Step != nil:
		return p.step(q.Step, now)
	case q.Finished != nil:
		return p.finish(q.Finished)
	case q.Also != nil:
		return q.Also(p.d.ctx, p.d.tx, p.attempt)
	}
	return nil
}

// back ends a recovery: the agent has spoken.
func (p *reporting) back() error {
	if p.attempt.Status == status.QueueRecovering {
		p.attempt.Status = status.QueueDispatched
	}
	if p.job.Status != status.JobRecovering {
		return nil
	}
	if err := p.d.move(p.job, state.Start); err != nil {
		return err
	}
	p.announce(KindJobStarted)
	return nil
}

func (p *reporting) announce(kind string) {
	p.d.announce(p.job.ID, kind, JobChange{Name: p.job.Name, Status: p.job.Status, Reason: p.job.Reason, Attempt: p.attempt.ID, Agent: p.attempt.Agent})
}

func (p *reporting) start() error {
	if p.job.Status != status.JobQueued {
		return nil
	}
	if err := p.d.move(p.job, state.Start); err != nil {
		return err
	}
	p.announce(KindJobStarted)
	return p.d.running()
}

// running notes that something of the run is going on.
func (d *decision) running() error {
	if d.run.Status != status.RunPending {
		return nil
	}
	if err := d.moveRun(state.Enqueue, state.Start); err != nil {
		return err
	}
	d.announce("", KindRunStarted, d.change())
	return nil
}

func (p *reporting) step(s *engine.Step, now time.Time) error {
	s.Attempt = p.attempt.ID
	if p.attempt.StartedAt.IsZero() {
		p.attempt.StartedAt = now
	}
	if err := p.start(); err != nil { // in case the message that said so was lost
		return err
	}
	kind := KindStepStarted
	if s.Status.Terminal() {
		kind = KindStepFinished
	}
	p.d.announce(p.job.ID, kind, StepChange{
		Job: p.job.Name, Attempt: s.Attempt, Index: s.Index, Kind: s.Kind, Name: s.Name, Status: s.Status, Error: s.Error, Data: s.Data,
	})
	p.d.keepStep(s)
	return nil
}

func (p *reporting) save() error {
	if !p.dirty || p.ended {
		return nil
	}
	return p.d.tx.Queue().Save(p.d.ctx, p.attempt)
}

// over: nothing more is written about the attempt. Who follows its log hears of
// it at once.
func (p *reporting) over() {
	p.ended = true
	p.d.tx.Notify(logs.Topic(p.attempt.ID))
}

// requeue offers the job again. A try that does not count was none.
func (p *reporting) requeue(reason string, counts bool) error {
	p.over()
	now := p.d.r.Now()
	p.d.announce(p.job.ID, KindJobRequeued, JobChange{Name: p.job.Name, Status: p.job.Status, Reason: reason, Attempt: p.attempt.ID, Agent: p.attempt.Agent})
	p.d.tx.Notify(store.TopicQueue)
	return p.d.tx.Queue().Requeue(p.d.ctx, p.token, reason, now, now.Add(rejectPause), counts)
}

// reject takes back a job that its agent does not want. One that it has begun
// counts as a try, and must look queued again: nobody would run it otherwise, and
// no agent would be asked to cancel it.
func (p *reporting) reject(reason string) error {
	if p.job.Status != status.JobQueued {
		p.d.decide = true // it may have been its last try
		return p.again("given back: " + reason)
	}
	return p.requeue(reason, false)
}

// rejectPause keeps a job from bouncing between the queue and a busy agent.
const rejectPause = 250 * time.Millisecond
