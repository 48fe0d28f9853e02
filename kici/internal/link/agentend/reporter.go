package agentend

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/cache"
	"github.com/kici-dev/kici-go/kici/internal/agent"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport/message"
)

// reporter tells the orchestrator of one attempt.
type reporter struct {
	link *Link
	ref  agent.Ref
	wire message.JobRef // as the dispatch had it
}

var _ agent.Reporter = (*reporter)(nil)

func (r *reporter) send(ctx context.Context, m message.Message) error {
	return r.link.session.Send(ctx, m)
}

func (r *reporter) Accepted(ctx context.Context) error {
	return r.send(ctx, &message.JobAck{MessageID: r.link.id(), JobRef: r.wire, Timestamp: r.link.millis()})
}

// rejectLimit bounds a refusal that the session has no room for. The
// orchestrator then takes the job back by itself, for want of an answer.
const rejectLimit = 10 * time.Second

func (r *reporter) reject(why message.RejectReason) {
	ctx, cancel := context.WithTimeout(context.Background(), rejectLimit)
	defer cancel()
	if err := r.send(ctx, &message.JobReject{MessageID: r.link.id(), JobRef: r.wire, Reason: why, Timestamp: r.link.millis()}); err != nil {
		r.link.config.Log.Warn("agentend: a refusal was not sent", "job", r.wire.JobID, "err", err)
	}
}

// impossible ends a job that no agent can run.
func (r *reporter) impossible(ctx context.Context, why error) {
	ctx, cancel := context.WithTimeout(ctx, rejectLimit)
	defer cancel()
	failure, _ := json.Marshal(executor.Broken(why.Error())) // strings always encode
	err := errors.Join(r.Accepted(ctx), r.Finished(ctx, agent.Finish{
		At:     r.link.config.Now(),
		Result: jobspec.Result{Status: jobspec.Failed, Reason: why.Error(), Failure: failure, Infrastructure: true},
	}))
	if err != nil {
		r.link.config.Log.Warn("agentend: the end of a job was not sent", "job", r.wire.JobID, "err", err)
	}
}

func (r *reporter) Started(ctx context.Context, at time.Time) error {
	return r.send(ctx, &message.JobStatus{MessageID: r.link.id(), JobRef: r.wire, State: status.JobRunning, Timestamp: at.UnixMilli()})
}

// Context is shown and not kept: who is not connected does not see it.
func (r *reporter) Context(ctx context.Context, c agent.Context) error {
	_ = r.link.session.SendNow(ctx, &message.JobContext{
		MessageID: r.link.id(), JobRef: r.wire, Timestamp: c.At.UnixMilli(), Platform: r.link.facts.Platform, Arch: r.link.facts.Arch,
		OSRelease: r.link.facts.OSRelease, SandboxType: c.Sandbox, Runtime: c.Runtime, WorkingDir: c.WorkingDir, GitRef: c.Ref,
	})
	return nil
}

func (r *reporter) Step(ctx context.Context, u agent.StepUpdate) error {
	m := &message.StepStatus{
		MessageID: r.link.id(), JobRef: r.wire, StepIndex: u.Index, StepName: u.Name, StepType: stepType(u.Row),
		State: status.StepRunning, Timestamp: u.At.UnixMilli(), Data: &message.StepData{File: u.File, Line: u.Line},
	}
	if u.Running {
		return r.send(ctx, m)
	}
	m.State, m.LogBytesStreamed = status.Step(u.Status), &u.Bytes
	d := m.Data
	d.DurationMS = float64(u.Duration) / float64(time.Millisecond)
	d.Tolerated, d.Reason, d.Rules, d.Outputs = u.Tolerated, u.Reason, u.Rules, u.Outputs
	if u.Failure != nil {
		d.Error, _, _ = strings.Cut(u.Failure.Message, "\n")
		d.Failure, _ = json.Marshal(u.Failure) // strings and numbers always encode
	}
	return r.send(ctx, m)
}

// stepType is the published name of a row's kind: hook:onCancel. A hook that
// belongs to a step names the step in brackets.
func stepType(row executor.Row) string {
	if row.Kind != executor.RowHook {
		return string(row.Kind)
	}
	hook, _, _ := strings.Cut(row.Name, " ")
	return "hook:" + hook
}

func (r *reporter) Log(ctx context.Context, b agent.LogBatch) error {
	return r.send(ctx, &message.LogChunk{
		MessageID: r.link.id(), JobRef: r.wire, StepIndex: b.Row, Chunk: b.Chunk, Lines: b.Lines, Timestamp: b.At.UnixMilli(),
	})
}

// Finished reports the end. The attempt stays in flight for the orchestrator
// until it has acknowledged that.
func (r *reporter) Finished(ctx context.Context, f agent.Finish) error {
	l := r.link
	m := &message.JobStatus{
		MessageID: l.id(), JobRef: r.wire, State: status.Job(f.Result.Status), Timestamp: f.At.UnixMilli(),
		Data: &message.JobData{Result: &f.Result},
	}
	for name, v := range f.Secrets {
		if m.SecretOutputs == nil {
			m.SecretOutputs = map[string]message.SealedSecret{}
		}
		m.SecretOutputs[name] = message.SealedSecret{AgentPublicKey: v.AgentPublicKey, Encrypted: v.Encrypted}
	}
	l.mu.Lock()
	l.untold[r.ref.Attempt] = r.ref
	l.mu.Unlock()
	err := r.send(ctx, m)
	l.work.Go(func() {
		if err == nil && l.session.Flush(ctx) != nil {
			// The agent has been stopped, and the link goes on for a moment: whoever it
			// reaches yet must not believe that the job was never here.
			return
		}
		l.mu.Lock()
		delete(l.untold, r.ref.Attempt)
		l.mu.Unlock()
	})
	l.nudge()
	return err
}

// Emit does not let a job wait for an orchestrator that is away: the event is of
// record and will arrive; only its number is not known yet.
func (r *reporter) Emit(ctx context.Context, e executor.Emission) (string, error) {
	m := &message.EventEmit{RequestID: r.link.id(), JobRef: r.wire, EventName: e.Name, Payload: e.Payload}
	if len(e.Target) > 0 {
		if err := json.Unmarshal(e.Target, &m.Target); err != nil {
			return "", errors.New("the target of an event is {repos: [...]}")
		}
	}
	got, err := r.link.ask(ctx, emitLimit, m.RequestID, m)
	var silent *silentError
	if errors.As(err, &silent) {
		return "timeout-" + m.RequestID, nil
	}
	if err != nil {
		return "", err
	}
	answer, ok := got.(*message.EventEmitResponse)
	if !ok {
		return "", errWrongAnswer
	}
	if answer.Error != "" {
		return "", errors.New(answer.Error)
	}
	return answer.DeliveryID, nil
}

var errWrongAnswer = errors.New("agentend: the orchestrator answered another question")

func (r *reporter) Secrets(ctx context.Context, environment string) ([]jobspec.Secret, error) {
	m := &message.JobSecretsRequest{RequestID: r.link.id(), JobRef: r.wire, Environment: environment}
	got, err := r.link.ask(ctx, answerLimit, m.RequestID, m)
	if err != nil {
		return nil, err
	}
	answer, ok := got.(*message.JobSecretsResponse)
	if !ok {
		return nil, errWrongAnswer
	}
	if answer.Error != "" {
		return nil, errors.New(answer.Error)
	}
	return answer.SecretList, nil
}

func (r *reporter) Cache() cache.Store { return &userCache{r} }
