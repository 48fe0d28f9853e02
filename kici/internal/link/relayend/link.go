package relayend

import (
	"context"
	"errors"
	"sync"

	"github.com/kici-dev/kici-go/engine/relay"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/session"
)

// link is one connected orchestrator.
type link struct {
	s       *Server
	conn    transport.Conn
	session *session.Session
	member  *relay.Member
	numbers bool                    // it numbers messages of record
	cancel  context.CancelCauseFunc // ends the connection

	mu        sync.Mutex                      // guards what follows
	offers    map[string]chan answer          // by delivery, and by message
	questions map[string]chan message.Message // by request
	over      bool
}

// write sends a message before the session runs.
func (l *link) write(ctx context.Context, m message.Message) error {
	frame, err := message.Encode(m)
	if err != nil {
		return err
	}
	return l.conn.Send(ctx, frame)
}

// send sends a message of record. An older orchestrator that does not number gets
// it as it is, and it is gone if the connection is.
func (l *link) send(ctx context.Context, m message.Message) error {
	if l.numbers {
		return l.session.Send(ctx, m)
	}
	return l.session.SendNow(ctx, m)
}

// Revoked ends the connection.
func (l *link) Revoked(reason string) {
	l.cancel(&transport.CloseError{Code: transport.Unauthorized, Reason: reason})
}

// end lets nobody wait for a connection that is gone.
func (l *link) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	for _, c := range l.offers {
		select {
		case c <- answer{err: errGone}:
		default:
		}
	}
	for id, c := range l.questions {
		close(c)
		delete(l.questions, id)
	}
}

var errGone = errors.New("relayend: the orchestrator disconnected")

// records handles a batch. Verdicts go first: senders wait for them.
func (l *link) records(ctx context.Context, batch []message.Message) error {
	for _, m := range batch {
		l.verdict(m)
	}
	var told []message.Message
	for _, m := range batch {
		if tells(m) {
			told = append(told, m)
			continue
		}
		if err := l.handle(ctx, m); err != nil {
			return err
		}
	}
	return l.take(ctx, told)
}

// now handles what has no number.
func (l *link) now(ctx context.Context, m message.Message) error {
	if l.verdict(m) {
		return nil
	}
	if tells(m) {
		return l.take(ctx, []message.Message{m})
	}
	return l.handle(ctx, m)
}

func (l *link) take(ctx context.Context, told []message.Message) error {
	if len(told) == 0 || l.s.Sink == nil {
		return nil
	}
	return l.s.Sink.Take(ctx, l.member.Org().ID, told)
}

// tells is true for what is about runs.
func tells(m message.Message) bool {
	switch m.(type) {
	case *message.ExecutionStatus, *message.JobStatusForward, *message.StepStatusForward, *message.StateReplay, *message.ExecutionEvent,
		*message.RunEvent, *message.LogChunk, *message.JobContext:
		return true
	}
	return false
}

// handle does what is neither a verdict nor about a run. Signs of life are nothing
// to do: the connection knows by itself whether anybody is there.
func (l *link) handle(ctx context.Context, m message.Message) error {
	switch m := m.(type) {
	case *message.SourceRegister:
		return l.register(ctx, m)
	case *message.SourceDeregister:
		return l.member.Deregister(ctx, m.RoutingKeys)
	case *message.RunRerunResponse:
		l.answered(m.RequestID, m, false)
	case *message.RunCancelResponse:
		l.answered(m.RequestID, m, false)
	case *message.DashboardResponse:
		l.answered(m.RequestID, m, m.More)
	}
	return nil
}

// register is the one message that this end answers from its handler; the other
// end never does, so the two cannot wait for each other.
func (l *link) register(ctx context.Context, m *message.SourceRegister) error {
	var sources []relay.Source
	for _, s := range m.Sources {
		sources = append(sources, relay.Source{RoutingKey: s.RoutingKey, Name: s.FriendlyName, Provider: s.Provider, Subtype: s.Subtype})
	}
	accepted, rejected, err := l.member.Register(ctx, relay.Facts{Instance: m.InstanceID, Cluster: m.ClusterName, Mode: m.Mode}, sources)
	if err != nil {
		return err
	}
	ack := &message.SourceRegisterAck{MessageID: m.MessageID, Accepted: accepted}
	for _, r := range rejected {
		ack.Rejections = append(ack.Rejections, message.SourceRejection{RoutingKey: r.RoutingKey, Reason: r.Reason})
	}
	l.s.log.Info("sources registered", "seat", l.member.ID(), "org", l.member.Org().ID, "accepted", len(accepted), "rejected", len(rejected), "cluster", m.ClusterName)
	return l.send(ctx, ack)
}

// refused lets frames pass that a newer orchestrator may send; a broken one ends
// the connection.
func (l *link) refused(err error) error {
	var unknown *message.UnknownTypeError
	if errors.As(err, &unknown) {
		l.s.log.Debug("an orchestrator sent a message that is not known here", "seat", l.member.ID(), "err", err)
		return nil
	}
	return err
}

var _ relay.Link = (*link)(nil)
