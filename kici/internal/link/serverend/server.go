package serverend

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/dispatch"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/session"
)

// Emitted is an event that a job sends.
type Emitted struct {
	Key     string // the same for a repeated message
	Run     engine.RunID
	Name    string
	Payload json.RawMessage
	Repos   []string // empty: wherever somebody listens
}

// Questions is what jobs ask for beside reporting. The zero value of each answer
// is a no.
type Questions interface {
	Emit(ctx context.Context, e Emitted) (engine.DeliveryID, error)
	Secrets(ctx context.Context, run engine.RunID, environment string) ([]jobspec.Secret, error)
	Restore(ctx context.Context, who Asker, key string, restoreKeys []string) (*message.CacheUserRestoreResponse, error)
	Save(ctx context.Context, who Asker, key string) (*message.CacheUserSaveResponse, error)
	Saved(ctx context.Context, who Asker, key, hash string, size int64) error
}

// Asker is whose job asks.
type Asker struct {
	Run     engine.RunID
	Attempt engine.AttemptID
}

// Config is what the end is given.
type Config struct {
	Now   func() time.Time
	NewID func() string
	Log   *slog.Logger
	Store store.Store
	// Open lets agents in without a token.
	Open      bool
	Questions Questions
	LogCap    int64 // per step, for agents; 0 is their default
	// Tap hears of log lines, events and contexts of jobs once they are written down;
	// it must not wait. Nil hears nothing.
	Tap     func(message.AboutJob)
	Session session.Options
	// Measured takes what agents have counted; nil does not want it.
	Measured Measured
}

// Measured remembers the last that each agent told, until its connection ends. by
// is that connection: one that an agent has replaced ends later.
type Measured interface {
	Told(agent engine.AgentID, by any, counted []message.Metric)
	Gone(agent engine.AgentID, by any)
}

// Server serves connections of agents.
type Server struct {
	Config
	dispatcher *dispatch.Dispatcher
	log        *slog.Logger

	mu     sync.Mutex               // guards opened
	opened map[*link]engine.TokenID // connected agents, by what let them in
}

// New makes one.
func New(d *dispatch.Dispatcher, c Config) *Server {
	c.Session.Receive = message.ToOrchestrator
	return &Server{Config: c, dispatcher: d, log: c.Log.With("room", "serverend"), opened: map[*link]engine.TokenID{}}
}

// link is one connected agent.
type link struct {
	s       *Server
	conn    transport.Conn
	session *session.Session
	member  *dispatch.Member
	agent   engine.AgentID
	token   *engine.AgentToken      // that let it in; nil without one
	counts  bool                    // it numbers messages of record
	fences  bool                    // it says which attempt it means
	lists   bool                    // it reads secrets as a list
	cancel  context.CancelCauseFunc // ends the connection
}

// Serve owns a connection until it ends. Trusted connections come from this
// process and need no token.
func (s *Server) Serve(ctx context.Context, conn transport.Conn, trusted bool) {
	l := &link{s: s, conn: conn}
	hello, err := l.admit(ctx, trusted || s.Open)
	if err != nil {
		l.refuse(err)
		return
	}
	ctx, l.cancel = context.WithCancelCause(ctx)
	defer l.cancel(nil)
	l.session = session.New(s.Session)
	hello.Local = trusted
	if l.member, err = s.dispatcher.Connect(ctx, *hello, l); err != nil {
		s.log.Error("an agent could not be taken in", "agent", hello.Agent.ID, "err", err)
		_ = conn.Close(transport.InternalError, "the orchestrator could not take the agent in")
		return
	}
	l.agent = hello.Agent.ID
	s.note(l)
	defer s.forget(l)
	if s.Measured != nil {
		defer s.Measured.Gone(l.agent, l)
	}
	s.log.Info("agent connected", "agent", l.agent, "addr", conn.RemoteAddr(), "slots", hello.Agent.Slots)
	err = l.run(ctx, hello)
	s.log.Info("agent disconnected", "agent", l.agent, "code", int(transport.CodeOf(err)), "cause", text(err))
}

// Revoke ends the connections of agents that a token let in here. Those of other
// orchestrators end when these look (watchToken).
func (s *Server) Revoke(id engine.TokenID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l, token := range s.opened {
		if token == id {
			l.Close(dispatch.CloseRevoked, "the token has been revoked")
		}
	}
}

func (s *Server) note(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.token != nil {
		s.opened[l] = l.token.ID
	}
}

func (s *Server) forget(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.opened, l)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// run is the registered life of the connection.
func (l *link) run(ctx context.Context, hello *dispatch.Hello) error {
	ack := &message.RegisterAck{AgentID: string(l.agent), Capabilities: message.Capabilities()}
	for _, label := range hello.Agent.Labels {
		ack.Labels = append(ack.Labels, string(label))
	}
	frame, err := message.Encode(ack)
	if err == nil {
		err = l.conn.Send(ctx, frame)
	}
	if err != nil {
		// Serve is still called: it is what notes that the agent is gone.
		l.cancel(err)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return l.member.Serve(gctx) })
	g.Go(func() error { l.watchToken(gctx); return nil })
	g.Go(func() error {
		err := l.session.Run(gctx, l.conn, session.Handler{Records: l.records, Now: l.now, Refused: l.refused})
		if err == nil {
			err = transport.ErrClosed // ends Serve too
		}
		return err
	})
	err = g.Wait()
	if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil {
		return cause
	}
	return err
}

// send sends a message of record. An older agent that does not number gets it as
// it is, and it is gone if the connection is.
func (l *link) send(ctx context.Context, m message.Message) error {
	if l.counts {
		return l.session.Send(ctx, m)
	}
	return l.answer(ctx, m) // the session may not run yet
}

// refused lets frames pass that a newer agent may send; a broken one ends the
// connection.
func (l *link) refused(err error) error {
	var unknown *message.UnknownTypeError
	if errors.As(err, &unknown) {
		l.s.log.Debug("an agent sent a message that is not known here", "agent", l.agent, "err", err)
		return nil
	}
	return err
}
