package agentend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/kici/internal/agent"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/session"
)

// connect is the life of one connection.
func (l *Link) connect(ctx context.Context) (registered bool, err error) {
	conn, err := l.config.Dialer.Dial(ctx)
	if err != nil {
		return false, err
	}
	if err := l.handshake(ctx, conn); err != nil {
		_ = conn.Close(transport.GoingAway, "") // the error says more than how closing went
		return false, refused(err)
	}
	l.gap()
	l.enter()
	ctx, cancel := context.WithCancel(ctx)
	alive := make(chan struct{})
	go func() {
		defer close(alive)
		l.beat(ctx)
	}()
	err = l.session.Run(ctx, conn, session.Handler{Records: l.records, Now: l.now, Refused: l.odd})
	cancel()
	<-alive
	l.leave()
	return true, refused(err)
}

// refused turns the ends that are final into a *RefusedError.
func refused(err error) error {
	var end *transport.CloseError
	if errors.As(err, &end) && (end.Code == transport.AgentAuthFailed || end.Code == transport.Unauthorized) {
		return &RefusedError{end.Code, end.Reason}
	}
	return err
}

func (l *Link) handshake(ctx context.Context, conn transport.Conn) error {
	if l.config.Token != "" {
		if err := send(ctx, conn, &message.AuthRequest{Token: l.config.Token, ProtocolVersion: message.ProtocolVersion}); err != nil {
			return err
		}
		switch m, err := answer(ctx, conn); m := m.(type) {
		case *message.AuthSuccess:
		case *message.AuthFailure:
			return &RefusedError{transport.AgentAuthFailed, m.Reason}
		default:
			return unexpected("auth.success", m, err)
		}
	}
	reg := l.facts
	reg.MessageID, reg.InFlightJobs = l.id(), l.inFlight()
	if err := send(ctx, conn, &reg); err != nil {
		return err
	}
	m, err := answer(ctx, conn)
	if no, ok := m.(*message.AuthFailure); ok { // it wants a token, and there is none
		return &RefusedError{transport.Unauthorized, no.Reason}
	}
	ack, ok := m.(*message.RegisterAck)
	if !ok {
		return unexpected("register.ack", m, err)
	}
	if !slices.Contains(ack.Capabilities, message.CapSeq) {
		return errors.New("agentend: the orchestrator does not acknowledge messages by number; it is older than this agent can work with")
	}
	return nil
}

func send(ctx context.Context, conn transport.Conn, m message.Message) error {
	frame, err := message.Encode(m)
	if err != nil {
		return err
	}
	return conn.Send(ctx, frame)
}

// answer waits for the next message of the handshake.
func answer(ctx context.Context, conn transport.Conn) (message.Message, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, handshakeLimit, errors.New("agentend: the orchestrator does not answer"))
	defer cancel()
	for {
		frame, err := conn.Receive(ctx)
		if err != nil {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return nil, err
		}
		m, err := message.Decode(message.ToAgent, frame)
		var unknown *message.UnknownTypeError
		if errors.As(err, &unknown) {
			continue // a newer orchestrator may say more than we know
		}
		if _, beat := m.(*message.Heartbeat); beat {
			continue
		}
		return m, err
	}
}

func unexpected(want string, got message.Message, err error) error {
	switch m := got.(type) {
	case nil:
		return err
	case *message.Error:
		return fmt.Errorf("agentend: the orchestrator answers %s: %s", m.Code, m.Message)
	}
	return fmt.Errorf("agentend: the orchestrator answers %s instead of %s", got.Type(), want)
}

// inFlight are the jobs that are here, and those whose end has not been
// acknowledged: the orchestrator must not take them for lost.
func (l *Link) inFlight() []message.InFlightJob {
	refs := l.agent.InFlight()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ref := range l.untold {
		refs = append(refs, ref)
	}
	seen := map[string]bool{}
	var out []message.InFlightJob
	for _, ref := range refs {
		if !seen[ref.Attempt] {
			seen[ref.Attempt] = true
			out = append(out, message.InFlightJob{JobRef: jobRef(ref)})
		}
	}
	return out
}

func jobRef(r agent.Ref) message.JobRef {
	return message.JobRef{RunID: r.Run, JobID: r.Job, Attempt: r.Attempt, Fence: r.Fence}
}

// gap tells, in the logs of the jobs that went on meanwhile, that nobody heard
// of them for a time. What they printed then has its place before it.
func (l *Link) gap() {
	l.mu.Lock()
	again, since := l.seen, l.lost
	l.mu.Unlock()
	if !again {
		return
	}
	b := l.session.Backlog()
	away := l.config.Now().Sub(since).Round(time.Second)
	l.config.Log.Info("agentend: connected again", "offline", away, "messages", b.Messages, "logLines", b.LogLines)
	if b.Messages > 0 {
		l.agent.Note(fmt.Sprintf("--- Orchestrator offline for %s. Replaying %d buffered events and %d buffered log lines. ---", away, b.Messages-b.Logs, b.LogLines))
	}
}

func (l *Link) enter() {
	l.mu.Lock()
	l.connected, l.seen = true, true
	l.mu.Unlock()
	l.once.Do(func() { close(l.ready) })
}

func (l *Link) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.connected, l.lost = false, l.config.Now()
}

// beat says that agent and jobs are alive.
func (l *Link) beat(ctx context.Context) {
	agentTick := time.NewTicker(l.config.Heartbeat)
	defer agentTick.Stop()
	jobTick := time.NewTicker(l.config.JobHeartbeat)
	defer jobTick.Stop()
	l.status(ctx)
	l.measured(ctx)
	for {
		// That nobody hears it now is for the session to find out.
		select {
		case <-agentTick.C:
			_ = l.session.SendNow(ctx, &message.Heartbeat{Timestamp: l.millis()})
			l.status(ctx)
			l.measured(ctx)
		case <-l.kick:
			l.status(ctx)
		case <-jobTick.C:
			for _, ref := range l.agent.InFlight() {
				_ = l.session.SendNow(ctx, &message.JobHeartbeat{JobRef: jobRef(ref), Timestamp: l.millis()})
			}
		case <-ctx.Done():
			return
		}
	}
}

func (l *Link) status(ctx context.Context) {
	_ = l.session.SendNow(ctx, &message.AgentStatus{
		MessageID: l.id(), AgentID: l.config.AgentID, ActiveJobs: l.agent.Active(), UptimeSeconds: l.config.Now().Sub(l.born).Seconds(),
	})
}

// measured tells what was counted. It is lost when nobody hears it: the next time
// says it again.
func (l *Link) measured(ctx context.Context) {
	if l.config.Measured == nil {
		return
	}
	if all := l.config.Measured(); len(all) > 0 {
		_ = l.session.SendNow(ctx, &message.AgentMetrics{MessageID: l.id(), AgentID: l.config.AgentID, Metrics: all, Timestamp: l.millis()})
	}
}
