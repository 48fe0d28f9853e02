package relayend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/relay"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/session"
)

// Sink takes what orchestrators tell of their runs. When Take returns, it is
// durable.
type Sink interface {
	Take(ctx context.Context, org engine.OrgID, told []message.Message) error
}

// Config is what the end is given.
type Config struct {
	NewID func() string
	Log   *slog.Logger
	Relay *relay.Relay
	Sink  Sink // nil: nobody wants to know
	// WebhookURL is what the addresses of an organisation's webhooks begin with.
	WebhookURL func(engine.OrgID) string
	Session    session.Options
}

// Server serves connections of orchestrators.
type Server struct {
	Config
	log *slog.Logger

	mu    sync.Mutex // guards links
	links map[engine.SeatID]*link
}

// New makes one.
func New(c Config) *Server {
	c.Session.Receive = message.ToRelay
	return &Server{Config: c, log: c.Log.With("room", "relayend"), links: map[engine.SeatID]*link{}}
}

// authTimeout is the time to show a key.
const authTimeout = 5 * time.Second

// Serve owns a connection until it ends.
func (s *Server) Serve(ctx context.Context, conn transport.Conn) {
	l := &link{s: s, conn: conn, session: session.New(s.Session), offers: map[string]chan answer{}, questions: map[string]chan message.Message{}}
	ctx, l.cancel = context.WithCancelCause(ctx)
	defer l.cancel(nil)
	if err := l.admit(ctx); err != nil {
		l.refuse(err)
		return
	}
	defer l.member.Leave(ctx)
	s.note(l)
	defer s.forget(l)
	s.log.Info("orchestrator connected", "seat", l.member.ID(), "org", l.member.Org().ID, "addr", conn.RemoteAddr())
	err := l.session.Run(ctx, conn, session.Handler{Records: l.records, Now: l.now, Refused: l.refused})
	l.end()
	s.log.Info("orchestrator disconnected", "seat", l.member.ID(), "org", l.member.Org().ID, "code", int(transport.CodeOf(err)), "cause", text(err))
}

func (s *Server) note(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links[l.member.ID()] = l
}

func (s *Server) forget(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.links, l.member.ID())
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// admit lets an orchestrator in, or says with a *transport.CloseError why not.
func (l *link) admit(ctx context.Context) error {
	auth, err := l.auth(ctx)
	if err != nil {
		return err
	}
	if auth.ProtocolVersion < message.MinProtocolVersion {
		return &transport.CloseError{Code: transport.ProtocolError, Reason: fmt.Sprintf("protocol %d is too old; %d is the oldest spoken here", auth.ProtocolVersion, message.MinProtocolVersion)}
	}
	grant, err := l.s.Relay.Admit(ctx, auth.Token)
	switch {
	case errors.Is(err, relay.ErrKey):
		return &transport.CloseError{Code: transport.Unauthorized, Reason: "the orchestrator key is not known here"}
	case errors.Is(err, relay.ErrRevoked):
		return &transport.CloseError{Code: transport.Unauthorized, Reason: "the orchestrator key has been revoked"}
	case err != nil:
		return &transport.CloseError{Code: transport.InternalError, Reason: "the key could not be looked up", Cause: err}
	}
	l.numbers = auth.Capabilities != nil && auth.Capabilities.Numbers
	l.member, err = l.s.Relay.Connect(ctx, grant, relay.Facts{Version: auth.SoftwareVersion}, l)
	if err != nil {
		return &transport.CloseError{Code: transport.InternalError, Reason: "the relay could not take the orchestrator in", Cause: err}
	}
	err = l.write(ctx, &message.AuthSuccess{
		ConnectionID: string(l.member.ID()), OrgPublicAlias: grant.Org.Alias, OrgID: string(grant.Org.ID), WebhookURL: l.s.WebhookURL(grant.Org.ID),
		Numbers: true, ProtocolVersion: message.ProtocolVersion,
	})
	if err != nil {
		l.member.Leave(ctx)
	}
	return err
}

// auth waits for the first message.
func (l *link) auth(ctx context.Context) (*message.AuthRequest, error) {
	timed, stop := context.WithTimeout(ctx, authTimeout)
	defer stop()
	frame, err := l.conn.Receive(timed)
	switch {
	case err != nil && timed.Err() != nil && ctx.Err() == nil:
		return nil, &transport.CloseError{Code: transport.AuthTimeout, Reason: fmt.Sprintf("nothing was said for %s", authTimeout)}
	case err != nil:
		return nil, err
	}
	m, err := message.Decode(message.ToRelay, frame)
	if err != nil {
		return nil, &transport.CloseError{Code: transport.InvalidMessage, Reason: err.Error()}
	}
	auth, ok := m.(*message.AuthRequest)
	if !ok {
		return nil, &transport.CloseError{Code: transport.Unauthorized, Reason: "auth.request comes first"}
	}
	return auth, nil
}

// refuse closes a connection that was not admitted.
func (l *link) refuse(err error) {
	var e *transport.CloseError
	if !errors.As(err, &e) || !e.Code.Sendable() {
		_ = l.conn.Close(transport.GoingAway, "")
		return
	}
	if e.Code == transport.Unauthorized {
		ctx, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		_ = l.write(ctx, &message.AuthFailure{Reason: e.Reason}) // the close says it too
	}
	l.s.log.Warn("an orchestrator was not let in", "addr", l.conn.RemoteAddr(), "reason", e.Reason, "err", text(e.Cause))
	_ = l.conn.Close(e.Code, e.Reason)
}
