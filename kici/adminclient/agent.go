package adminclient

import (
	"context"
	"time"
)

// NewAgentToken asks for a token.
type NewAgentToken struct {
	Name string `json:"name,omitempty"`
	// Labels bound what its agents may call themselves; empty allows all.
	Labels []string `json:"labels,omitempty"`
	// ExpiresInMS is its life; 0 is for ever.
	ExpiresInMS int64 `json:"expiresInMs,omitempty"`
}

// AgentToken lets agents in. Token is there only in the answer that made it.
type AgentToken struct {
	ID        string     `json:"id"`
	Name      string     `json:"name,omitempty"`
	Token     string     `json:"token,omitempty"`
	Labels    []string   `json:"labels"`
	CreatedAt time.Time  `json:"createdAt"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
	RevokedAt *time.Time `json:"revokedAt,omitempty"`
	UsedAt    *time.Time `json:"usedAt,omitempty"`
}

// Agent is a machine as it last described itself.
type Agent struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"` // static or ephemeral
	Connected bool      `json:"connected"`
	Labels    []string  `json:"labels"`
	Platform  string    `json:"platform"`
	Arch      string    `json:"arch"`
	Hostname  string    `json:"hostname"`
	Version   string    `json:"version"`
	Slots     int       `json:"slots"`
	SeenAt    time.Time `json:"seenAt"`
	// ActiveJobs is how many it has now.
	ActiveJobs int `json:"activeJobs"`
	// DrainingSince is when an operator said that it takes no more jobs.
	DrainingSince *time.Time `json:"drainingSince,omitempty"`
}

// RegisterAgent makes a token.
func (c *Client) RegisterAgent(ctx context.Context, t NewAgentToken) (out AgentToken, err error) {
	return out, c.call(ctx, "POST", "/agent-tokens", nil, t, &out)
}

// AgentTokens lists them, those that are over as well.
func (c *Client) AgentTokens(ctx context.Context) (out []AgentToken, err error) {
	return out, c.call(ctx, "GET", "/agent-tokens", nil, nil, &out)
}

// RevokeAgent makes a token useless, and ends the connections it opened.
func (c *Client) RevokeAgent(ctx context.Context, id string) error {
	return c.call(ctx, "DELETE", "/agent-tokens"+seg(id), nil, nil, nil)
}

// DrainAgent keeps further jobs from an agent, those it has go on; or lets it
// have jobs again.
func (c *Client) DrainAgent(ctx context.Context, id string, on bool) error {
	method := "POST"
	if !on {
		method = "DELETE"
	}
	return c.call(ctx, method, "/agents"+seg(id)+"/drain", nil, nil, nil)
}

// Agents lists the machines that were ever connected.
func (c *Client) Agents(ctx context.Context) (out []Agent, err error) {
	return out, c.call(ctx, "GET", "/agents", nil, nil, &out)
}
