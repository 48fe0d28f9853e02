package standard

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/transport/ws"
)

// Agent says which batteries an agent gets.
type Agent struct {
	// URL of the orchestrator: ws, wss, http or https. "/ws" is added unless the
	// path ends in it.
	URL     string
	Environ []string // of the process; jobs see its documented part
	Log     *slog.Logger
}

// AgentOptions gives the options. It dials nothing.
func AgentOptions(c Agent) ([]kici.AgentOption, error) {
	at, err := socketURL(c.URL)
	if err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return []kici.AgentOption{kici.WithLogger(c.Log), kici.WithEnviron(c.Environ), kici.WithDialer(&ws.Dialer{URL: at}), kici.WithMetrics(registry())}, nil
}

// socketURL is where an orchestrator at an address takes agents.
func socketURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("standard: %q is not the address of an orchestrator, such as ws://ci.example.org:4000", text)
	}
	switch u.Scheme {
	case "http", "ws":
		u.Scheme = "ws"
	case "https", "wss":
		u.Scheme = "wss"
	default:
		return "", fmt.Errorf("standard: the address of an orchestrator begins with ws:// or wss://, not %s://", u.Scheme)
	}
	if !strings.HasSuffix(u.Path, "/ws") {
		u.Path = strings.TrimSuffix(u.Path, "/") + "/ws"
	}
	return u.String(), nil
}
