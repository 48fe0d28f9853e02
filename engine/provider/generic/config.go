package generic

import (
	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/verification"
	"github.com/kici-dev/kici-go/lockfile/pattern"
)

// Config is the configuration of a source.
type Config struct {
	verification.Config
	provider.Limits
	EventTypeHeader string `json:"eventTypeHeader"` // instead of X-Event-Type
	EventTypePath   string `json:"eventTypePath"`   // JSONPath of the body, where no configured header names the event
}

// ParseConfig reads and checks a configuration; its error is a
// *[provider.ConfigError].
func ParseConfig(data []byte) (*Config, error) {
	c := &Config{}
	problems := provider.Decode(data, c)
	problems = append(problems, c.Config.Check()...)
	problems = append(problems, c.Limits.Check()...)
	if c.EventTypePath != "" {
		if _, err := pattern.CompilePath(c.EventTypePath); err != nil {
			problems = append(problems, provider.Problem{Path: "eventTypePath", Message: "is no JSONPath: " + err.Error()})
		}
	}
	if err := provider.Config(problems); err != nil {
		return nil, err
	}
	return c, nil
}

// Validate names everything that is wrong with a configuration.
func (*Provider) Validate(config []byte) error {
	_, err := ParseConfig(config)
	return err
}

// Settings are the limits a source sets for its deliveries.
func (p *Provider) Settings(s *engine.Source) (provider.Settings, error) {
	c, err := p.configs.Get(s.Config, ParseConfig)
	if err != nil {
		return provider.Settings{}, err
	}
	return c.Limits.Settings(), nil
}
