package serverend

import (
	"context"
	"errors"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/dispatch"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
)

// owns tells whether the agent may ask: it has a job of that run, or was the last
// to have the job it names. What a job says before it ends may be heard after
// that, when the connection broke in between.
func (l *link) owns(ctx context.Context, question message.Message) (bool, error) {
	about, ok := question.(message.AboutJob)
	if !ok || l.member.Holds(engine.RunID(about.Job().RunID)) {
		return true, nil
	}
	if _, secret := question.(*message.JobSecretsRequest); secret { // of no use afterwards
		return false, nil
	}
	return l.wasLast(ctx, about.Job())
}

// wasLast tells whether the agent was the last to be given a job.
func (l *link) wasLast(ctx context.Context, ref message.JobRef) (yes bool, err error) {
	if !storable(ref.RunID, ref.JobID) {
		return false, nil
	}
	err = l.s.Store.View(ctx, func(tx store.Tx) error {
		all, err := tx.Queue().Attempts(ctx, engine.JobID(ref.JobID))
		if n := len(all); n > 0 {
			a := all[n-1]
			yes = (a.Token() == l.proof(ref) || !l.fences) && a.Agent == l.agent && string(a.Run) == ref.RunID
		}
		return err
	})
	return yes, err
}

// answerQuestion answers what a job asks. That it cannot be answered is an
// answer; an error of this function ends the connection.
func (l *link) answerQuestion(ctx context.Context, m message.Message, mine bool) error {
	q := l.s.Questions
	if !mine {
		q = nothing{}
	}
	switch m := m.(type) {
	case *message.EventEmit:
		e := Emitted{Key: m.RequestID, Run: engine.RunID(m.RunID), Name: m.EventName, Payload: m.Payload}
		if m.Target != nil {
			e.Repos = m.Target.Repos
		}
		id, err := q.Emit(ctx, e)
		return l.send(ctx, &message.EventEmitResponse{RequestID: m.RequestID, DeliveryID: string(id), Error: text(err)})
	case *message.JobSecretsRequest:
		list, err := q.Secrets(ctx, engine.RunID(m.RunID), m.Environment)
		return l.send(ctx, &message.JobSecretsResponse{RequestID: m.RequestID, SecretList: list, Error: text(err)})
	case *message.CacheUserRestoreRequest:
		a, err := q.Restore(ctx, asker(m.JobRef), m.Key, m.RestoreKeys)
		if err != nil || a == nil { // a cache that fails is a cache that misses
			l.complain("restore", err)
			a = &message.CacheUserRestoreResponse{}
		}
		a.RequestID = m.MessageID
		return l.send(ctx, a)
	case *message.CacheUserSaveRequest:
		a, err := q.Save(ctx, asker(m.JobRef), m.Key)
		if err != nil || a == nil {
			l.complain("save", err)
			a = &message.CacheUserSaveResponse{Skip: true}
		}
		a.RequestID = m.MessageID
		return l.send(ctx, a)
	case *message.CacheUserSaveComplete:
		l.complain("save", q.Saved(ctx, asker(m.JobRef), m.Key, m.TarHash, m.SizeBytes))
	case *message.AgentAPIRequest:
		return l.send(ctx, &message.AgentAPIResponse{RequestID: m.RequestID, Error: "this orchestrator has no method " + m.Method})
	case *message.CacheUploadRequest:
		return l.send(ctx, &message.CacheUploadResponse{RequestID: m.MessageID})
	case *message.ProvenanceUploadRequest:
		return l.send(ctx, &message.ProvenanceUploadResponse{RequestID: m.MessageID})
	}
	return nil
}

func (l *link) complain(what string, err error) {
	if err != nil {
		l.s.log.Warn("a cache could not be used", "agent", l.agent, "what", what, "err", err)
	}
}

func asker(r message.JobRef) Asker {
	return Asker{engine.RunID(r.RunID), engine.AttemptID(r.Attempt)}
}

// now takes what has no number: signs of life, and everything of an agent that
// does not number.
func (l *link) now(ctx context.Context, m message.Message) error {
	if m, ok := m.(*message.JobHeartbeat); ok {
		l.member.Heartbeat(l.proof(m.JobRef))
		return nil
	}
	if m, ok := m.(*message.AgentMetrics); ok {
		if l.s.Measured != nil {
			l.s.Measured.Told(l.agent, l, m.Metrics) // whoever it says it is
		}
		return nil
	}
	if !message.OfRecord(m) {
		l.tap([]message.Message{m})
		return nil
	}
	if l.counts { // an answer to it would wait for acks that nobody reads meanwhile
		return &transport.CloseError{Code: transport.ProtocolError, Reason: m.Type() + " carries no number"}
	}
	return l.records(ctx, []message.Message{m})
}

// Dispatch sends a job. It implements dispatch.Link.
func (l *link) Dispatch(ctx context.Context, a *dispatch.Assignment) error {
	if err := l.send(ctx, l.dispatch(a)); err != nil {
		return err
	}
	l.s.log.Info("job dispatched", "delivery", a.Delivery, "run", a.Attempt.Run, "job", a.Attempt.Job, "attempt", a.Attempt.ID, "agent", l.agent, "name", a.Spec.Name)
	return nil
}

func (l *link) dispatch(a *dispatch.Assignment) *message.JobDispatch {
	m := &message.JobDispatch{
		MessageID: l.s.NewID(), JobRef: ref(a), Timestamp: l.s.Now().UnixMilli(),
		RepoURL: a.Clone.URL, Ref: a.Ref.Name, SHA: a.Ref.SHA,
		JobConfig: message.JobConfig{Spec: a.Spec, Input: a.Input}, SecretList: a.Secrets,
		MaxLogSizeBytes: l.s.LogCap, RequestID: string(a.Delivery), RunPublicKey: a.PublicKey,
	}
	if a.Clone.Auth.Kind != "" {
		m.SourceAuth = &message.GitAuth{
			Kind: message.GitAuthKind(a.Clone.Auth.Kind), User: a.Clone.Auth.User, Secret: string(a.Clone.Auth.Secret),
			SSHHostKeyPolicy: message.HostKeys(a.Clone.Auth.HostKeyPolicy), SSHKnownHostsPEM: a.Clone.Auth.KnownHosts,
		}
	}
	if !l.lists {
		m.SecretList, m.Secrets, m.NamespacedSecrets = nil, map[string]string{}, map[string]map[string]string{}
		for _, s := range a.Secrets {
			m.Secrets[s.Key] = s.Value
			if s.Scope == "" {
				continue
			}
			if m.NamespacedSecrets[s.Scope] == nil {
				m.NamespacedSecrets[s.Scope] = map[string]string{}
			}
			m.NamespacedSecrets[s.Scope][s.Key] = s.Value
		}
	}
	if a.Trusted {
		m.CacheRefScope = message.CacheTrusted
	}
	return m
}

func ref(a *dispatch.Assignment) message.JobRef {
	return message.JobRef{
		RunID: string(a.Attempt.Run), JobID: string(a.Attempt.Job), Attempt: string(a.Attempt.ID), Fence: int64(a.Attempt.Fence),
	}
}

// Stop asks for the end of a job.
func (l *link) Stop(ctx context.Context, s dispatch.Stop) error {
	return l.send(ctx, &message.JobCancel{
		MessageID: l.s.NewID(), JobRef: message.JobRef{RunID: string(s.Run), JobID: string(s.Token.Job), Fence: int64(s.Token.Fence)},
		Reason: s.Reason, Force: s.Force,
	})
}

// Close ends the connection with the code that says why.
func (l *link) Close(why dispatch.Close, reason string) {
	l.cancel(&transport.CloseError{Code: codes[why], Reason: reason})
}

// Heard is when the agent's end gave a sign of life; that of an agent in this
// process lives as long as the process.
func (l *link) Heard() time.Time {
	if h, ok := l.conn.(transport.Hearer); ok {
		return h.Heard()
	}
	return l.s.Now()
}

// errNotYours is the answer about runs of which the agent has no job.
var errNotYours = errors.New("the agent has no job of that run")

// nothing answers an agent that asks about what is not its own.
type nothing struct{}

func (nothing) Emit(context.Context, Emitted) (engine.DeliveryID, error) { return "", errNotYours }
func (nothing) Secrets(context.Context, engine.RunID, string) ([]jobspec.Secret, error) {
	return nil, errNotYours
}
func (nothing) Restore(context.Context, Asker, string, []string) (*message.CacheUserRestoreResponse, error) {
	return nil, errNotYours
}
func (nothing) Save(context.Context, Asker, string) (*message.CacheUserSaveResponse, error) {
	return nil, errNotYours
}
func (nothing) Saved(context.Context, Asker, string, string, int64) error { return errNotYours }

// codes of the wire for what dispatch means.
var codes = map[dispatch.Close]transport.Code{
	dispatch.CloseReplaced: transport.GoingAway, dispatch.CloseUnanswered: transport.DispatchTimeout,
	dispatch.CloseShutdown: transport.GoingAway, dispatch.CloseRevoked: transport.AgentAuthFailed,
}

var _ dispatch.Link = (*link)(nil)
