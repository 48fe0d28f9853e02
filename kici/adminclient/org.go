package adminclient

import (
	"context"
	"net/url"
	"time"
)

// Org is an organisation of a relay. ID stands in the addresses of its webhooks.
type Org struct {
	ID         string    `json:"id"`
	Alias      string    `json:"alias"`
	Name       string    `json:"name"`
	CreatedAt  time.Time `json:"createdAt"`
	WebhookURL string    `json:"webhookUrl"` // what the addresses begin with
}

// NewOrchestratorKey asks for a key.
type NewOrchestratorKey struct {
	Org  string `json:"org"` // id or name; empty is the only one there is
	Name string `json:"name,omitempty"`
	// Patterns bound the routing keys that its orchestrators may register.
	Patterns []string `json:"patterns,omitempty"`
}

// OrchestratorKey lets orchestrators in. Key is there only in the answer that made
// it.
type OrchestratorKey struct {
	ID        string     `json:"id"`
	Org       string     `json:"org"`
	Name      string     `json:"name,omitempty"`
	Key       string     `json:"key,omitempty"`
	Prefix    string     `json:"prefix"`
	Patterns  []string   `json:"patterns"`
	CreatedAt time.Time  `json:"createdAt"`
	RevokedAt *time.Time `json:"revokedAt,omitempty"`
	UsedAt    *time.Time `json:"usedAt,omitempty"`
}

// RelayedSource is a source as its orchestrator registered it.
type RelayedSource struct {
	RoutingKey   string    `json:"routingKey"`
	Name         string    `json:"name"`
	Provider     string    `json:"provider"`
	Subtype      string    `json:"subtype,omitempty"`
	Cluster      string    `json:"cluster,omitempty"`
	RegisteredAt time.Time `json:"registeredAt"`
	WebhookURL   string    `json:"webhookUrl"`
	Connected    int       `json:"connected"` // orchestrators that take its deliveries now
}

// RelayedDelivery is what a relay remembers of a delivery.
type RelayedDelivery struct {
	ID         string    `json:"id"`
	RoutingKey string    `json:"routingKey"`
	SenderID   string    `json:"senderId,omitempty"`
	Event      string    `json:"event,omitempty"`
	Size       int64     `json:"size"`
	Hash       string    `json:"hash"`
	Result     string    `json:"result,omitempty"` // empty: nobody gave one
	Status     int       `json:"status"`
	Seat       string    `json:"seat,omitempty"`
	RequestID  string    `json:"requestId"`
	ReceivedAt time.Time `json:"receivedAt"`
	AnsweredAt time.Time `json:"answeredAt"`
}

// CreateOrg makes an organisation.
func (c *Client) CreateOrg(ctx context.Context, name string) (out Org, err error) {
	return out, c.call(ctx, "POST", "/orgs", nil, map[string]string{"name": name}, &out)
}

// Orgs lists them.
func (c *Client) Orgs(ctx context.Context) (out []Org, err error) {
	return out, c.call(ctx, "GET", "/orgs", nil, nil, &out)
}

// RelayedSources lists what orchestrators of an organisation registered.
func (c *Client) RelayedSources(ctx context.Context, org string) (out []RelayedSource, err error) {
	return out, c.call(ctx, "GET", "/orgs"+seg(org)+"/sources", nil, nil, &out)
}

// RelayedDeliveries lists the newest deliveries of an organisation.
func (c *Client) RelayedDeliveries(ctx context.Context, org string) (out []RelayedDelivery, err error) {
	return out, c.call(ctx, "GET", "/orgs"+seg(org)+"/deliveries", nil, nil, &out)
}

// CreateOrchestratorKey makes a key.
func (c *Client) CreateOrchestratorKey(ctx context.Context, k NewOrchestratorKey) (out OrchestratorKey, err error) {
	return out, c.call(ctx, "POST", "/orchestrator-keys", nil, k, &out)
}

// OrchestratorKeys lists those of an organisation, or all; revoked ones as well.
func (c *Client) OrchestratorKeys(ctx context.Context, org string) (out []OrchestratorKey, err error) {
	return out, c.call(ctx, "GET", "/orchestrator-keys", set(url.Values{}, "org", org), nil, &out)
}

// RevokeOrchestratorKey makes a key useless, and ends the connections it opened.
func (c *Client) RevokeOrchestratorKey(ctx context.Context, id string) error {
	return c.call(ctx, "DELETE", "/orchestrator-keys"+seg(id), nil, nil, nil)
}
