package adminclient

import (
	"context"
	"encoding/json"
	"net/url"
	"time"
)

// Source is where deliveries come from. Secrets in Config read as "***"; sent
// back like that they stay what they are.
type Source struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Kind       string         `json:"kind"` // generic, local, or the preset of a forge
	RoutingKey string         `json:"routingKey"`
	Enabled    bool           `json:"enabled"`
	WebhookURL string         `json:"webhookUrl"`
	Config     map[string]any `json:"config"`
	CreatedAt  time.Time      `json:"createdAt"`
	UpdatedAt  time.Time      `json:"updatedAt"`
	// DeletedAt is when it was removed. It takes nothing in; EnableSource brings it
	// back, PurgeSources ends it.
	DeletedAt *time.Time `json:"deletedAt,omitempty"`
}

// SourceInput makes or changes a source. What is nil stays as it is; a nil value
// within Config takes the field away.
type SourceInput struct {
	Name    string
	Kind    string
	Enabled *bool
	Config  map[string]any // fields of the provider's configuration
}

// MarshalJSON lays the fields of the configuration beside the others, which is
// how the API takes them.
func (s SourceInput) MarshalJSON() ([]byte, error) {
	flat := map[string]any{}
	for k, v := range s.Config {
		flat[k] = v
	}
	if s.Name != "" {
		flat["name"] = s.Name
	}
	if s.Kind != "" {
		flat["kind"] = s.Kind
	}
	if s.Enabled != nil {
		flat["enabled"] = *s.Enabled
	}
	return json.Marshal(flat)
}

// LocalTrigger makes an event of a repository on the orchestrator's disk.
type LocalTrigger struct {
	Event   string          `json:"event"` // as for kici test: push, pr:opened, dispatch:deploy
	Ref     string          `json:"ref,omitempty"`
	SHA     string          `json:"sha,omitempty"`
	Repo    string          `json:"repoFullName,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// Triggered says under which id the event was stored.
type Triggered struct {
	DeliveryID string `json:"deliveryId"`
	Duplicate  bool   `json:"duplicate"`
}

// AddSource makes a source.
func (c *Client) AddSource(ctx context.Context, s SourceInput) (out Source, err error) {
	return out, c.call(ctx, "POST", "/sources", nil, s, &out)
}

// Sources lists them, those that were removed only if that is asked for.
func (c *Client) Sources(ctx context.Context, removed bool) (out []Source, err error) {
	q := url.Values{}
	if removed {
		q.Set("includeDeleted", "true")
	}
	return out, c.call(ctx, "GET", "/sources", q, nil, &out)
}

// Source finds one by id, name or routing key.
func (c *Client) Source(ctx context.Context, id string) (out Source, err error) {
	return out, c.call(ctx, "GET", "/sources"+seg(id), nil, nil, &out)
}

// UpdateSource changes one.
func (c *Client) UpdateSource(ctx context.Context, id string, s SourceInput) (out Source, err error) {
	return out, c.call(ctx, "PATCH", "/sources"+seg(id), nil, s, &out)
}

// RemoveSource removes one; its runs and deliveries stay. It can be brought back
// with EnableSource, unless it was removed hard.
func (c *Client) RemoveSource(ctx context.Context, id string, hard bool) error {
	q := url.Values{}
	if hard {
		q.Set("hard", "true")
	}
	return c.call(ctx, "DELETE", "/sources"+seg(id), q, nil, nil)
}

// EnableSource lets a source take deliveries in, also one that was removed, and
// DisableSource stops it.
func (c *Client) EnableSource(ctx context.Context, id string) (out Source, err error) {
	return out, c.call(ctx, "POST", "/sources"+seg(id)+"/enable", nil, nil, &out)
}

// DisableSource is the opposite of EnableSource.
func (c *Client) DisableSource(ctx context.Context, id string) (out Source, err error) {
	return out, c.call(ctx, "POST", "/sources"+seg(id)+"/disable", nil, nil, &out)
}

// Purge chooses which removed sources end for good.
type Purge struct {
	RoutingKey string `json:"routingKey,omitempty"` // only this one
	DryRun     bool   `json:"dryRun,omitempty"`     // only say which
}

// PurgeSources ends removed sources for good, and says which they were.
func (c *Client) PurgeSources(ctx context.Context, p Purge) (out []Source, err error) {
	return out, c.call(ctx, "POST", "/source-purge", nil, p, &out)
}

// WebhookSecret reads what senders sign with.
func (c *Client) WebhookSecret(ctx context.Context, id string) (string, error) {
	var out struct {
		Secret string `json:"secret"`
	}
	return out.Secret, c.call(ctx, "GET", "/sources"+seg(id)+"/webhook-secret", nil, nil, &out)
}

// Presets lists the forges that are known.
func (c *Client) Presets(ctx context.Context) (out []string, err error) {
	return out, c.call(ctx, "GET", "/source-presets", nil, nil, &out)
}

// TriggerLocal makes an event of a local source.
func (c *Client) TriggerLocal(ctx context.Context, id string, t LocalTrigger) (out Triggered, err error) {
	return out, c.call(ctx, "POST", "/sources"+seg(id)+"/trigger", nil, t, &out)
}
