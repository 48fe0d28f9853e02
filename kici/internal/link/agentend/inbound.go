package agentend

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/executor/clone"
	"github.com/kici-dev/kici-go/executor/deps"
	"github.com/kici-dev/kici-go/kici/internal/agent"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/transport/message"
)

func newID() string { return rand.Text() }

// records handles what the orchestrator sent and keeps until it is handled.
func (l *Link) records(_ context.Context, batch []message.Message) error {
	for _, m := range batch {
		l.record(m)
	}
	return nil
}

func (l *Link) record(m message.Message) {
	switch m := m.(type) {
	case *message.JobDispatch:
		l.dispatched(m)
	case *message.JobCancel:
		l.agent.Cancel(ref(m.JobRef), m.Reason, m.Force)
	case *message.EventEmitResponse:
		l.answered(m.RequestID, m)
	case *message.JobSecretsResponse:
		l.answered(m.RequestID, m)
	case *message.CacheUserRestoreResponse:
		l.answered(m.RequestID, m)
	case *message.CacheUserSaveResponse:
		l.answered(m.RequestID, m)
	default:
		l.config.Log.Warn("agentend: a message that this agent has no use for", "type", m.Type())
	}
}

// now handles what has no number: signs of life, and questions about the agent.
func (l *Link) now(ctx context.Context, m message.Message) error {
	switch m := m.(type) {
	case *message.Heartbeat, *message.Ack, *message.Nack:
	case *message.Error:
		l.config.Log.Warn("agentend: the orchestrator says", "code", m.Code, "message", m.Message)
	case *message.FleetLogsRequest:
		no := &message.FleetBundleError{RequestID: m.RequestID, Message: "this agent keeps no logs of its own"}
		l.work.Go(func() { _ = l.session.SendNow(ctx, no) })
	default:
		if message.OfRecord(m) {
			l.record(m)
		}
	}
	return nil
}

// odd lets pass what a newer orchestrator may say; the rest is an error.
func (l *Link) odd(err error) error {
	var unknown *message.UnknownTypeError
	if errors.As(err, &unknown) {
		l.config.Log.Warn("agentend: a message was not understood", "err", err)
		return nil
	}
	return err
}

// dispatched offers a job to the agent. It must not wait: refusals are sent
// beside it.
func (l *Link) dispatched(m *message.JobDispatch) {
	as, err := assignment(m)
	rep := &reporter{link: l, ref: as.Ref, wire: m.JobRef}
	if err == nil {
		err = l.agent.Offer(as, rep)
	}
	var bad *dispatchError
	switch {
	case err == nil:
		l.nudge()
	case errors.As(err, &bad):
		// Another agent would find the same mistake, so it is the job's end.
		l.work.Go(func() { rep.impossible(context.Background(), bad) })
	default:
		reason := message.RejectBusy
		if errors.Is(err, agent.ErrDraining) {
			reason = message.RejectDraining
		}
		l.config.Log.Info("agentend: a job was refused", "job", m.JobID, "reason", reason)
		l.work.Go(func() { rep.reject(reason) })
	}
}

// nudge asks for an agent.status soon.
func (l *Link) nudge() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

func ref(r message.JobRef) agent.Ref {
	return agent.Ref{Run: r.RunID, Job: r.JobID, Attempt: r.Attempt, Fence: r.Fence}
}

// dispatchError: a dispatch contradicts itself.
type dispatchError struct{ text string }

func (e *dispatchError) Error() string { return "agentend: the dispatch " + e.text }

// assignment translates a dispatch.
func assignment(m *message.JobDispatch) (agent.Assignment, error) {
	as := agent.Assignment{
		Ref: ref(m.JobRef), Spec: m.JobConfig.Spec, Input: m.JobConfig.Input, Secrets: secretsOf(m),
		Source: clone.Source{URL: m.RepoURL, Ref: m.Ref, SHA: m.SHA}, InstallSecrets: m.InstallEnvSecrets,
		LogCap: m.MaxLogSizeBytes, RunPublicKey: m.RunPublicKey, CacheScope: m.CacheRefScope, TraceID: m.RequestID,
	}
	if as.Attempt == "" { // an orchestrator that knows no attempts
		as.Attempt = m.JobID
	}
	if as.Input.Upstream == nil {
		as.Input.Upstream = m.UpstreamJobOutputs
	}
	for _, r := range m.NpmRegistries {
		as.Registries = append(as.Registries, deps.Registry{URL: r.URL, Scope: r.Scope, Token: r.Token, AlwaysAuth: r.AlwaysAuth})
	}
	auth := m.SourceAuth
	if m.Token != "" {
		if auth != nil && (auth.Kind != message.GitAuthBasic || auth.Secret != m.Token) {
			return as, &dispatchError{"carries two clone credentials that differ"}
		}
		if auth == nil {
			auth = &message.GitAuth{Kind: message.GitAuthBasic, Secret: m.Token}
		}
	}
	if auth != nil {
		as.Source.Auth = &clone.Auth{
			Kind: string(auth.Kind), User: auth.User, Secret: auth.Secret,
			HostKeys: string(auth.SSHHostKeyPolicy), KnownHosts: auth.SSHKnownHostsPEM,
		}
	}
	return as, nil
}

// secretsOf reads the list, or the two maps of an orchestrator that has none.
func secretsOf(m *message.JobDispatch) []jobspec.Secret {
	if len(m.SecretList) > 0 {
		return m.SecretList
	}
	var out []jobspec.Secret
	for scope, values := range m.NamespacedSecrets {
		for k, v := range values {
			out = append(out, jobspec.Secret{Key: k, Value: v, Scope: scope})
		}
	}
	for k, v := range m.Secrets {
		if !slices.ContainsFunc(out, func(s jobspec.Secret) bool { return s.Key == k && s.Value == v }) {
			out = append(out, jobspec.Secret{Key: k, Value: v})
		}
	}
	return out
}

// ask sends a question of record and waits for its answer, over however many
// connections that takes.
func (l *Link) ask(ctx context.Context, limit time.Duration, id string, question message.Message) (message.Message, error) {
	answer := make(chan message.Message, 1)
	l.mu.Lock()
	l.questions[id] = answer
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.questions, id)
		l.mu.Unlock()
	}()
	if err := l.session.Send(ctx, question); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &silentError{question.Type(), limit})
	defer cancel()
	select {
	case m := <-answer:
		return m, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// silentError: a question was not answered in time. It may have arrived.
type silentError struct {
	question string
	limit    time.Duration
}

func (e *silentError) Error() string {
	return fmt.Sprintf("agentend: the orchestrator did not answer %s within %s", e.question, e.limit)
}

func (l *Link) answered(id string, m message.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.questions[id]; c != nil {
		select {
		case c <- m:
		default: // it came twice
		}
	}
}
