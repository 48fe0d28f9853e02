package adminclient

import (
	"context"
	"time"
)

// NewAPIKey asks for a key of an author.
type NewAPIKey struct {
	Label string `json:"label,omitempty"`
	// RoutingKeys are patterns of what it may see and cancel, such as "github:*";
	// none is everything.
	RoutingKeys []string `json:"routingKeys,omitempty"`
	ExpiresInMS int64    `json:"expiresInMs,omitempty"` // its life; 0 is for ever
}

// APIKey lets an author ask from a terminal. Key is there only in the answer that
// made it.
type APIKey struct {
	ID          string     `json:"id"`
	Label       string     `json:"label,omitempty"`
	Key         string     `json:"key,omitempty"`
	Prefix      string     `json:"prefix"`
	RoutingKeys []string   `json:"routingKeys"`
	CreatedAt   time.Time  `json:"createdAt"`
	ExpiresAt   *time.Time `json:"expiresAt,omitempty"`
	RevokedAt   *time.Time `json:"revokedAt,omitempty"`
	UsedAt      *time.Time `json:"usedAt,omitempty"`
}

// AddAPIKey makes a key.
func (c *Client) AddAPIKey(ctx context.Context, k NewAPIKey) (out APIKey, err error) {
	return out, c.call(ctx, "POST", "/api-keys", nil, k, &out)
}

// APIKeys lists them, those that are over as well.
func (c *Client) APIKeys(ctx context.Context) (out []APIKey, err error) {
	return out, c.call(ctx, "GET", "/api-keys", nil, nil, &out)
}

// AddRoutingKey lets a key see more.
func (c *Client) AddRoutingKey(ctx context.Context, id, pattern string) (out APIKey, err error) {
	return out, c.call(ctx, "POST", "/api-keys"+seg(id)+"/routing-keys", nil, map[string]string{"pattern": pattern}, &out)
}

// RevokeAPIKey makes a key useless.
func (c *Client) RevokeAPIKey(ctx context.Context, id string) error {
	return c.call(ctx, "DELETE", "/api-keys"+seg(id), nil, nil, nil)
}
