package generic

import (
	"context"
	"encoding/json"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/verification"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// Name is the provider's name, in sources and in events.
const Name = "generic"

// unnamed is the name of events that have none.
const unnamed = "default"

// Provider remembers nothing but what configurations say.
type Provider struct {
	configs provider.Parsed[Config]
}

// New makes one.
func New() *Provider { return &Provider{} }

// Verify tells whether the delivery may come in.
func (p *Provider) Verify(_ context.Context, in *provider.Inbound) error {
	c, err := p.configs.Get(in.Source.Config, ParseConfig)
	if err != nil {
		return err
	}
	return c.Verify(in, verification.Default())
}

// Key is the sender's id of the delivery.
func (p *Provider) Key(in *provider.Inbound) string {
	c, err := p.configs.Get(in.Source.Config, ParseConfig)
	if err != nil {
		return ""
	}
	return c.key(in)
}

func (c *Config) key(in *provider.Inbound) string {
	return c.Limits.Key(in, "X-Delivery-Id", "X-Request-Id", "X-Idempotency-Key")
}

// Normalize makes the one event of a delivery.
func (p *Provider) Normalize(_ context.Context, in *provider.Inbound) ([]provider.Event, error) {
	c, err := p.configs.Get(in.Source.Config, ParseConfig)
	if err != nil {
		return nil, err
	}
	payload, err := body(in)
	if err != nil {
		return nil, err
	}
	name := c.name(in, payload)
	if !c.Limits.Settings().Allows(name) {
		return nil, nil
	}
	e := provider.Event{Key: c.key(in), Name: name, Event: event.Event{
		Type: event.GenericWebhook, Payload: payload, TargetBranch: event.GenericBranch, Provider: Name,
		WebhookSource: in.Source.Name, RawName: name,
	}}
	if name != unnamed {
		e.Action = name
	}
	return []provider.Event{e}, nil
}

func (c *Config) name(in *provider.Inbound, payload json.RawMessage) string {
	if c.EventTypeHeader != "" {
		if name := in.Header.Get(c.EventTypeHeader); name != "" {
			return name
		}
	}
	if c.EventTypePath != "" {
		if name := provider.TextAt(payload, c.EventTypePath); name != "" {
			return name
		}
	}
	if name := in.Header.Get("X-Event-Type"); name != "" {
		return name
	}
	return unnamed
}

// Lockfile of a source without a repository is never there.
func (*Provider) Lockfile(context.Context, *engine.Source, engine.Ref) ([]byte, error) {
	return nil, provider.ErrNoLockfile
}

var (
	_ provider.Provider   = (*Provider)(nil)
	_ provider.Configurer = (*Provider)(nil)
	_ provider.Keyer      = (*Provider)(nil)
)
