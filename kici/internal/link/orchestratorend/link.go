package orchestratorend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/session"
)

// Intake takes deliveries in.
type Intake interface {
	// Accept returns when the delivery is durable, or with the reason for refusing
	// it. An error is neither: the relay may ask somebody else.
	Accept(ctx context.Context, d *Delivery) (*message.WebhookAck, error)
	// Sources are what the relay may route here. Org is the organisation's id.
	Sources(ctx context.Context, org string) ([]message.RelayedSource, error)
}

// Desk answers requests.
type Desk interface {
	Rerun(ctx context.Context, q *message.RunRerunRequest) (newRun string, err error)
	Cancel(ctx context.Context, q *message.RunCancelRequest) (jobs int, err error)
	// Dashboard answers with one or more parts.
	Dashboard(ctx context.Context, q *message.DashboardRequest, answer func(*message.DashboardResponse) error) error
	// Replay is every active run.
	Replay(ctx context.Context) (*message.StateReplay, error)
}

// Config is what the link is given.
type Config struct {
	Dialer  transport.Dialer
	Key     string // kici_ok_…
	Intake  Intake
	Desk    Desk // nil answers that nothing is supported
	Facts   message.SourceRegister
	Version string
	NewID   func() string
	Now     func() time.Time
	Log     *slog.Logger
	Backoff transport.Backoff
	Session session.Options
	// Heartbeat is the time between signs of life; 30 s. Refresh is how often
	// sources are looked at again; 2 s.
	Heartbeat, Refresh time.Duration
	Buffer             int // reports kept while there is no connection; 10 000
}

// Relay is what the relay said of itself and of the organisation.
type Relay struct {
	Connection string
	Org        string
	Alias      string
	WebhookURL string
}

// Link connects one orchestrator to a relay.
type Link struct {
	config  Config
	log     *slog.Logger
	session *session.Session
	reports *reports
	work    sync.WaitGroup // deliveries and requests under way

	mu      sync.Mutex // guards what follows
	relay   Relay      // of the last connection
	online  bool
	counts  bool // the relay numbers messages of record
	changed chan struct{}
}

// New makes a link. Nothing is dialled before Run.
func New(c Config) *Link {
	if c.Heartbeat <= 0 {
		c.Heartbeat = 30 * time.Second
	}
	if c.Refresh <= 0 {
		c.Refresh = 2 * time.Second
	}
	if c.Buffer <= 0 {
		c.Buffer = 10_000
	}
	c.Session.Receive = message.FromRelay
	return &Link{
		config: c, log: c.Log.With("room", "orchestratorend"), session: session.New(c.Session), reports: newReports(c.Buffer), changed: make(chan struct{}),
	}
}

// Run keeps the orchestrator connected until ctx ends, and then waits for what is
// under way.
func (l *Link) Run(ctx context.Context) error {
	pumped := make(chan struct{})
	go func() {
		defer close(pumped)
		l.pump(ctx)
	}()
	l.dial(ctx)
	<-pumped
	l.work.Wait()
	return nil
}

func (l *Link) dial(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; failures++ {
		served, err := l.connect(ctx)
		if ctx.Err() != nil {
			return
		}
		if served {
			failures = 0
		}
		wait := l.config.Backoff.Delay(failures)
		level := slog.LevelWarn
		if code := transport.CodeOf(err); code == transport.Unauthorized || code == transport.ProtocolError {
			level = slog.LevelError // waiting alone mends neither
		}
		l.log.Log(ctx, level, "not connected to the relay", "err", err, "retryIn", wait.Round(time.Millisecond))
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// connect is the life of one connection.
func (l *Link) connect(ctx context.Context) (served bool, err error) {
	conn, err := l.config.Dialer.Dial(ctx)
	if err != nil {
		return false, err
	}
	hello, err := l.handshake(ctx, conn)
	if err != nil {
		code, reason := transport.GoingAway, ""
		var end *transport.CloseError
		if errors.As(err, &end) {
			code, reason = end.Code, end.Reason
		}
		_ = conn.Close(code, reason) // the error says more than how closing went
		return false, err
	}
	l.enter(hello)
	l.log.Info("connected to the relay", "connection", hello.ConnectionID, "org", hello.OrgID, "webhooks", hello.WebhookURL)
	lifeCtx, stop := context.WithCancelCause(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { l.beat(lifeCtx) })
	beside.Go(func() { l.register(lifeCtx, hello.OrgID) })
	c := &inbound{l: l, ctx: ctx, stop: stop, parts: newAssembler(l.config.Now)}
	err = l.session.Run(lifeCtx, conn, session.Handler{Records: c.records, Now: c.now, Refused: l.odd})
	stop(nil)
	beside.Wait()
	l.leave()
	return true, err
}

// handshakeLimit is the time for each answer.
const handshakeLimit = 10 * time.Second

func (l *Link) handshake(ctx context.Context, conn transport.Conn) (*message.AuthSuccess, error) {
	ctx, stop := context.WithTimeout(ctx, handshakeLimit)
	defer stop()
	frame, err := message.Encode(&message.AuthRequest{
		Token: l.config.Key, ProtocolVersion: message.ProtocolVersion, SoftwareVersion: l.config.Version,
		Capabilities: &message.OrchestratorCapabilities{OrchRole: "coordinator", SupportedDashboardRequests: message.DashboardTypes(), Numbers: true},
	})
	if err != nil {
		return nil, err
	}
	if err := conn.Send(ctx, frame); err != nil {
		return nil, err
	}
	if frame, err = conn.Receive(ctx); err != nil {
		return nil, err
	}
	m, err := message.Decode(message.FromRelay, frame)
	if err != nil {
		return nil, fmt.Errorf("orchestratorend: the relay's first answer: %w", err)
	}
	switch m := m.(type) {
	case *message.AuthSuccess:
		if v := m.ProtocolVersion; v != 0 && v < message.MinProtocolVersion { // those that do not say speak 1
			return nil, &transport.CloseError{Code: transport.ProtocolError, Reason: fmt.Sprintf("the relay speaks protocol %d; %d is the oldest spoken here", v, message.MinProtocolVersion)}
		}
		return m, nil
	case *message.AuthFailure:
		return nil, &transport.CloseError{Code: transport.Unauthorized, Reason: m.Reason}
	}
	return nil, fmt.Errorf("orchestratorend: auth.success was expected, not %s", m.Type())
}

func (l *Link) enter(hello *message.AuthSuccess) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.relay = Relay{hello.ConnectionID, hello.OrgID, hello.OrgPublicAlias, hello.WebhookURL}
	l.online, l.counts = true, hello.Numbers
	l.announce()
}

func (l *Link) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.online = false
	l.announce()
}

// announce wakes whoever waits for the connection to change. The caller holds the
// lock.
func (l *Link) announce() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// Relay is what is known of the relay, and whether there is a connection now.
func (l *Link) Relay() (r Relay, online bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.relay, l.online
}

// send sends a message of record. A relay that does not number gets it as it is,
// and it is gone if the connection is.
func (l *Link) send(ctx context.Context, m message.Message) error {
	l.mu.Lock()
	counts := l.counts
	l.mu.Unlock()
	if counts {
		return l.session.Send(ctx, m)
	}
	return l.session.SendNow(ctx, m)
}

// beat sends signs of life. The connection has its own; these are for relays
// behind something that eats them.
func (l *Link) beat(ctx context.Context) {
	tick := time.NewTicker(l.config.Heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = l.session.SendNow(ctx, &message.Heartbeat{Timestamp: l.config.Now().UnixMilli()}) // the session notices by itself
		case <-ctx.Done():
			return
		}
	}
}

// odd lets frames pass that a newer relay may send; a broken one ends the
// connection.
func (l *Link) odd(err error) error {
	var unknown *message.UnknownTypeError
	if errors.As(err, &unknown) {
		l.log.Debug("the relay sent a message that is not known here", "err", err)
		return nil
	}
	return err
}
