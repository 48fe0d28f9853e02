package serverend

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/dispatch"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
)

// Times to say who one is.
const (
	authTimeout     = 5 * time.Second
	registerTimeout = 10 * time.Second
)

// TokenPrefix begins every agent token.
const TokenPrefix = "kat_"

// admit lets an agent in, or says with a *transport.CloseError why not.
func (l *link) admit(ctx context.Context, open bool) (*dispatch.Hello, error) {
	var token *engine.AgentToken
	first, err := l.receive(ctx, authTimeout)
	if err != nil {
		return nil, err
	}
	if auth, ok := first.(*message.AuthRequest); ok {
		if err := spoken(auth.ProtocolVersion); err != nil {
			return nil, err
		}
		if !open {
			if token, err = l.lookUp(ctx, auth.Token); err != nil {
				return nil, err
			}
			l.token = token
		}
		if err := l.answer(ctx, &message.AuthSuccess{ConnectionID: l.s.NewID()}); err != nil {
			return nil, err
		}
		if first, err = l.receive(ctx, registerTimeout); err != nil {
			return nil, err
		}
	} else if !open {
		return nil, &transport.CloseError{Code: transport.Unauthorized, Reason: "auth.request comes first"}
	}
	reg, ok := first.(*message.AgentRegister)
	if !ok {
		return nil, &transport.CloseError{Code: transport.InvalidMessage, Reason: "agent.register was expected, not " + first.Type()}
	}
	return l.hello(reg, token)
}

// spoken refuses protocols of long ago.
func spoken(version int) error {
	if version >= message.MinProtocolVersion {
		return nil
	}
	return &transport.CloseError{Code: transport.ProtocolError, Reason: fmt.Sprintf("protocol %d is too old; %d is the oldest spoken here", version, message.MinProtocolVersion)}
}

// receive waits a time for one message.
func (l *link) receive(ctx context.Context, limit time.Duration) (message.Message, error) {
	timed, stop := context.WithTimeout(ctx, limit)
	defer stop()
	frame, err := l.conn.Receive(timed)
	switch {
	case err != nil && timed.Err() != nil && ctx.Err() == nil:
		return nil, &transport.CloseError{Code: transport.AuthTimeout, Reason: fmt.Sprintf("nothing was said for %s", limit)}
	case err != nil:
		return nil, err
	}
	env, err := message.Open(message.ToOrchestrator, frame)
	if err != nil {
		return nil, &transport.CloseError{Code: transport.InvalidMessage, Reason: err.Error()}
	}
	return env.Message, nil
}

func (l *link) answer(ctx context.Context, m message.Message) error {
	frame, err := message.Encode(m)
	if err != nil {
		return err
	}
	return l.conn.Send(ctx, frame)
}

// lookUp finds a token. Hashes are compared by the database's index, and learning
// how much of a hash is right helps nobody to find a token.
func (l *link) lookUp(ctx context.Context, secret string) (*engine.AgentToken, error) {
	hash := sha256.Sum256([]byte(secret))
	token, reason, err := l.judge(ctx, hash[:])
	if err != nil {
		return nil, &transport.CloseError{Code: transport.InternalError, Reason: "the token could not be looked up", Cause: err}
	}
	if token == nil && !strings.HasPrefix(secret, TokenPrefix) {
		reason = "that is no agent token; they begin with " + TokenPrefix
	}
	if reason != "" {
		return nil, &transport.CloseError{Code: transport.AgentAuthFailed, Reason: reason}
	}
	now := l.s.Now()
	err = l.s.Store.Tx(ctx, func(tx store.Tx) error { return tx.Agents().UseToken(ctx, token.ID, now) })
	if err != nil {
		l.s.log.Warn("the use of a token could not be noted", "token", token.ID, "err", err)
	}
	return token, nil
}

// judge finds a token by its hash and says why it opens no door, if it does not.
func (l *link) judge(ctx context.Context, hash []byte) (token *engine.AgentToken, reason string, err error) {
	err = l.s.Store.View(ctx, func(tx store.Tx) (err error) {
		token, err = tx.Agents().Token(ctx, hash)
		return err
	})
	switch {
	case errors.Is(err, engine.ErrNotFound):
		return nil, "the token is not known here", nil
	case err != nil:
		return nil, "", err
	case !token.RevokedAt.IsZero():
		return token, "the token has been revoked", nil
	case !token.Valid(l.s.Now()):
		return token, "the token has expired", nil
	}
	return token, "", nil
}

// tokenCheck is how often a connection asks whether its token still is one. It
// may have been revoked through another orchestrator, or while it was shown.
const tokenCheck = 15 * time.Second

// watchToken ends the connection when its token has ended.
func (l *link) watchToken(ctx context.Context) {
	if l.token == nil {
		return
	}
	tick := time.NewTicker(tokenCheck)
	defer tick.Stop()
	for {
		_, reason, err := l.judge(ctx, l.token.Hash)
		if err == nil && reason != "" {
			l.Close(dispatch.CloseRevoked, reason)
			return
		}
		select { // a store that does not answer is no reason to lose agents
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// hello is what an agent says of itself, as far as its token lets it.
func (l *link) hello(reg *message.AgentRegister, token *engine.AgentToken) (*dispatch.Hello, error) {
	if err := l.wellFormed(reg, token); err != nil {
		return nil, err
	}
	l.counts, l.fences = slices.Contains(reg.Capabilities, message.CapSeq), slices.Contains(reg.Capabilities, message.CapFence)
	l.lists = slices.Contains(reg.Capabilities, message.CapSecretList)
	h := &dispatch.Hello{Agent: engine.Agent{
		ID: engine.AgentID(reg.AgentID), Platform: stored(reg.Platform), Arch: stored(reg.Arch), Version: stored(reg.Version),
		Hostname: stored(reg.Hostname), Slots: reg.Slots(),
	}}
	for _, name := range reg.Labels {
		if err := allowed(name, token); err != nil {
			return nil, err
		}
		h.Agent.Labels = append(h.Agent.Labels, engine.Label(name))
	}
	for _, j := range reg.InFlightJobs {
		h.InFlight = append(h.InFlight, dispatch.InFlight{
			Token: engine.Token{Job: engine.JobID(j.JobID), Fence: engine.Fence(j.Fence)}, Run: engine.RunID(j.RunID),
		})
	}
	return h, nil
}

// Bounds of what an agent may say of itself.
const (
	maxName   = 200 // of an agent or a label, in bytes
	maxLabels = 1000
)

func (l *link) wellFormed(reg *message.AgentRegister, token *engine.AgentToken) error {
	bad := func(reason string) error {
		return &transport.CloseError{Code: transport.InvalidMessage, Reason: reason}
	}
	switch {
	case reg.AgentID == "" || len(reg.AgentID) > maxName:
		return bad("agentId is missing or longer than 200 characters")
	case !storable(reg.AgentID) || !storable(reg.Labels...):
		return bad("agentId and labels are text")
	case len(reg.Labels) > maxLabels:
		return bad("an agent has 1000 labels at most")
	case slices.ContainsFunc(reg.Labels, func(s string) bool { return len(s) > maxName }):
		return bad("a label is longer than 200 characters")
	}
	// Who needs a token has said it with the token.
	if token == nil && reg.ProtocolVersion != 0 {
		return spoken(reg.ProtocolVersion)
	}
	return nil
}

// allowed holds a label against the token: one that names labels lets in agents
// with those and no others. Labels of the house say what an agent is, and are no
// right to anything.
func allowed(name string, token *engine.AgentToken) error {
	if token == nil || len(token.Labels) == 0 || strings.HasPrefix(name, "kici:") {
		return nil
	}
	if slices.ContainsFunc(token.Labels, func(l engine.Label) bool { return strings.EqualFold(string(l), name) }) {
		return nil
	}
	return &transport.CloseError{Code: transport.AgentAuthFailed, Reason: fmt.Sprintf("the token does not allow the label %q; it allows %v", name, token.Labels)}
}

// refuse closes a connection that was not admitted.
func (l *link) refuse(err error) {
	var e *transport.CloseError
	if !errors.As(err, &e) || !e.Code.Sendable() {
		_ = l.conn.Close(transport.GoingAway, "")
		return
	}
	if e.Code == transport.AgentAuthFailed || e.Code == transport.Unauthorized {
		if frame, err := message.Encode(&message.AuthFailure{Reason: e.Reason}); err == nil {
			ctx, stop := context.WithTimeout(context.Background(), time.Second)
			defer stop()
			_ = l.conn.Send(ctx, frame) // the close says it too
		}
	}
	l.s.log.Warn("an agent was not let in", "addr", l.conn.RemoteAddr(), "reason", e.Reason, "err", text(e.Cause))
	_ = l.conn.Close(e.Code, e.Reason)
}
