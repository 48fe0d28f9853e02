package agentend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/kici/internal/agent"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/session"
)

// Config says who the agent is and where its orchestrator is.
type Config struct {
	Dialer transport.Dialer
	// AgentID is the agent's name, the same in every life of it.
	AgentID string
	// Token is the agent's, kat_…; empty for an orchestrator that asks for none.
	Token  string
	Labels []string // of its owner; none may begin with kici:
	// Roles are the pseudo-jobs it does; nil means all, an empty list none.
	Roles   []string
	Version string

	HTTP      *http.Client // for the cache; http.DefaultClient's twin when nil
	Backoff   transport.Backoff
	Heartbeat time.Duration // 30 s
	// JobHeartbeat is the time between signs of life of each job; 60 s.
	JobHeartbeat time.Duration
	// Measured is what the agent has counted, told with each heartbeat; nil tells
	// nothing.
	Measured func() []message.Metric
	// Session is for tests; Receive is this room's.
	Session session.Options
	// TempDir holds cache archives on their way; empty is the system's.
	TempDir string

	Log *slog.Logger
	Now func() time.Time
}

// Limits of the handshake and of the end.
const (
	handshakeLimit = 10 * time.Second // for each answer
	flushLimit     = 5 * time.Second  // for what is still to be acknowledged at the end
	answerLimit    = time.Minute      // for a question of a job
	emitLimit      = 5 * time.Second  // for the number of an event
)

// RefusedError: the orchestrator does not want this agent, and asking again will
// not change that.
type RefusedError struct {
	Code   transport.Code
	Reason string
}

func (e *RefusedError) Error() string {
	text := fmt.Sprintf("agentend: the orchestrator refuses this agent (%v)", e.Code)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text + "; check the agent's token and start it again"
}

// Link connects one agent to one orchestrator.
type Link struct {
	config  Config
	agent   *agent.Agent
	session *session.Session
	facts   message.AgentRegister
	work    sync.WaitGroup // small answers on their way
	ready   chan struct{}
	once    sync.Once
	kick    chan struct{} // asks for an agent.status; holds one
	born    time.Time

	mu        sync.Mutex // guards what follows
	connected bool
	questions map[string]chan message.Message // by message id
	untold    map[string]agent.Ref            // ended, and not acknowledged yet
	seen      bool                            // was registered before
	lost      time.Time                       // when the connection before ended
}

// New checks a Config. Nothing is dialled before Run.
func New(c Config, a *agent.Agent) (*Link, error) {
	if c.Dialer == nil || c.AgentID == "" {
		return nil, errors.New("agentend: a link needs a dialer and the agent's name")
	}
	if c.Heartbeat <= 0 {
		c.Heartbeat = 30 * time.Second
	}
	if c.JobHeartbeat <= 0 {
		c.JobHeartbeat = time.Minute
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{}
	}
	facts, err := describe(c, a)
	if err != nil {
		return nil, err
	}
	c.Session.Receive = message.ToAgent
	return &Link{
		config: c, agent: a, session: session.New(c.Session), facts: facts, ready: make(chan struct{}), kick: make(chan struct{}, 1),
		born: c.Now(), questions: map[string]chan message.Message{}, untold: map[string]agent.Ref{},
	}, nil
}

// Run runs the agent and keeps it connected, until ctx ends, the agent has
// drained, or the orchestrator refuses it (*RefusedError). The end of ctx stops
// the agent, which tells the orchestrator what became of its jobs; Run returns
// after that was acknowledged, or a bounded time later.
func (l *Link) Run(ctx context.Context) error {
	agentCtx, stopAgent := context.WithCancel(ctx)
	defer stopAgent()
	linkCtx, stopLink := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stopLink(nil)
	agentEnd := make(chan error, 1)
	go func() { agentEnd <- l.agent.Run(agentCtx) }()
	linkEnd := make(chan error, 1)
	go func() { linkEnd <- l.dial(linkCtx) }()

	var err error
	select {
	case err = <-agentEnd:
		l.flush(linkCtx)
		stopLink(&transport.CloseError{Code: transport.Normal})
		<-linkEnd
	case err = <-linkEnd: // refused
		stopAgent()
		err = errors.Join(err, <-agentEnd)
	}
	l.work.Wait()
	return err
}

// flush waits until the orchestrator knows what became of the jobs. Without a
// connection there is no point in waiting long.
func (l *Link) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, flushLimit)
	defer cancel()
	if err := l.session.Flush(ctx); err != nil {
		b := l.session.Backlog()
		l.config.Log.Warn("agentend: the end was not acknowledged in time", "messages", b.Messages, "logLines", b.LogLines)
	}
}

// Ready is closed once the orchestrator has registered the agent.
func (l *Link) Ready() <-chan struct{} { return l.ready }

// Connected tells whether the agent is registered right now.
func (l *Link) Connected() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.connected
}

// dial connects again and again. It ends with ctx, or when the agent is refused.
func (l *Link) dial(ctx context.Context) error {
	select {
	case <-l.agent.Ready():
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	for failures := 0; ; failures++ {
		registered, err := l.connect(ctx)
		if ctx.Err() != nil {
			return nil
		}
		var refused *RefusedError
		if errors.As(err, &refused) {
			l.config.Log.Error("agentend: refused", "err", err)
			return err
		}
		if registered {
			failures = 0
		}
		wait := l.config.Backoff.Delay(failures)
		l.config.Log.Warn("agentend: not connected", "err", err, "retryIn", wait.Round(time.Millisecond))
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// id makes the name of a message.
func (l *Link) id() string { return newID() }

func (l *Link) millis() int64 { return l.config.Now().UnixMilli() }
