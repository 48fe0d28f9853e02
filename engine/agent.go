package engine

import "time"

// Agent is a machine that runs jobs, as it last described itself.
type Agent struct {
	ID       AgentID
	Labels   []Label
	Platform string
	Arch     string
	Version  string
	Hostname string
	Slots    int
	Scaled   bool   // made by a scaler, and not expected back once it is gone
	Instance string // the orchestrator it is connected to; empty while it is away
	// Generation rises with every connection, so that what is left of an old one
	// cannot mark the new one as gone.
	Generation   int64
	ConnectedAt  time.Time
	SeenAt       time.Time
	Disconnected time.Time
}

// AgentToken lets agents in. The token itself is never stored.
type AgentToken struct {
	ID        TokenID
	Name      string
	Hash      []byte // SHA-256 of the whole token
	Labels    []Label
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	RevokedAt time.Time
	UsedAt    time.Time
}

// Valid tells whether the token opens the door now.
func (t *AgentToken) Valid(now time.Time) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}
