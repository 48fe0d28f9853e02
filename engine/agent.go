package engine

import (
	"slices"
	"strings"
	"time"
)

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

// Drain is an agent that is to take no more jobs.
type Drain struct {
	Agent AgentID
	Since time.Time
}

// APIKey lets authors ask from their terminals. The key itself is never stored.
type APIKey struct {
	ID     APIKeyID
	Label  string
	Prefix string // how the key begins, so that its owner can tell it
	Hash   []byte // SHA-256 of the whole key
	// RoutingKeys are patterns of what it may see and cancel, such as "github:*";
	// empty is everything.
	RoutingKeys []string
	CreatedAt   time.Time
	ExpiresAt   time.Time // zero: never
	RevokedAt   time.Time
	UsedAt      time.Time
}

// Valid tells whether the key opens the door now.
func (k *APIKey) Valid(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}

// Sees tells whether the key is for deliveries of a routing key.
func (k *APIKey) Sees(routingKey string) bool {
	if len(k.RoutingKeys) == 0 {
		return true
	}
	return slices.ContainsFunc(k.RoutingKeys, func(pattern string) bool {
		prefix, open := strings.CutSuffix(pattern, "*")
		return pattern == routingKey || open && strings.HasPrefix(routingKey, prefix)
	})
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
