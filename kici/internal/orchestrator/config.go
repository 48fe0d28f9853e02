package orchestrator

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/dispatch"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/internal/httpapi/admin"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/pipe"
	"github.com/kici-dev/kici-go/transport/session"
)

// Config is what a file can say.
type Config struct {
	DataDir      string
	BlobDir      string
	PublicURL    string
	BasePath     string
	Org          string
	AgentAuth    string
	Sources      []Source
	DrainTimeout time.Duration
	QueueTimeout time.Duration
	GroupTimeout time.Duration
	AckTimeout   time.Duration
	Recovery     time.Duration
	Stall        time.Duration
	LogCap       int64
	Retention    time.Duration
	SecretKey    []byte
	AdminToken   string
	AnyLabels    bool // agents take every job, whatever labels it asks for
	Version      string
	// Mode is one of those below; empty is ModePlatform with a relay and
	// ModeIndependent without.
	Mode     string
	RelayURL string
	RelayKey string
	// Instance names this orchestrator, and Cluster those that share its store.
	Instance string
	Cluster  string
	// ManualMigrations has Run refuse a database that lacks migrations.
	ManualMigrations bool
}

// Modes: where deliveries come from.
const (
	ModeIndependent = "independent" // from senders
	ModeHybrid      = "hybrid"      // from senders and over a relay
	ModePlatform    = "platform"    // over a relay only
)

// Source is a place that events come from.
type Source struct {
	Name   string
	Kind   string
	Config json.RawMessage
}

// Options are live things.
type Options struct {
	Log       *slog.Logger
	Store     store.Store
	Blobs     blob.Store
	Providers map[string]provider.Provider
	Evaluator dispatch.Evaluator
	Secrets   dispatch.Secrets
	// WebhookSecrets finds what genericWebhook triggers name in their auth.
	WebhookSecrets intake.Secrets
	Now            func() time.Time
	// OpenStore opens the default store, and OpenBlobs the default blobs.
	OpenStore StoreOpener
	OpenBlobs func(dataDir, blobDir string, now func() time.Time) (s blob.Store, end func() error, err error)
	// Wire makes the wire of this process a bad one, for tests.
	Wire []pipe.Option
	// Session of each agent; zero values mean the defaults.
	Session session.Options
	// RelayDialer connects to the relay; by default it dials RelayURL.
	RelayDialer transport.Dialer
	// RelaySession and RelayBackoff are of the link to it; zero values mean the
	// defaults.
	RelaySession session.Options
	RelayBackoff transport.Backoff
	// Metrics takes what is counted, and Tracing the spans of finished runs; nil is
	// none of it.
	Metrics *prometheus.Registry
	Tracing trace.TracerProvider
	// Services run beside the rooms, and Mounts add paths.
	Services []Service
	Mounts   []func(*Rooms, *http.ServeMux)
}

// Values of AgentAuth.
const (
	AuthToken = "token"
	AuthNone  = "none"
)

// defaults of a Config.
const (
	defaultDrain     = 30 * time.Second
	defaultQueue     = time.Hour
	defaultRetention = 30 * 24 * time.Hour
	defaultOrg       = "default"
)

// check fills in what is zero and lists all that is wrong.
func (c *Config) check(o *Options) error {
	var errs []error
	bad := func(field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("kici: %s: "+format, append([]any{field}, args...)...))
	}
	if c.DataDir != "" && !filepath.IsAbs(c.DataDir) {
		abs, err := filepath.Abs(c.DataDir)
		if err != nil {
			bad("DataDir", "%w", err)
		}
		c.DataDir = abs
	}
	if c.AgentAuth == "" {
		c.AgentAuth = AuthToken
	}
	if c.AgentAuth != AuthToken && c.AgentAuth != AuthNone {
		bad("AgentAuth", "%q is neither %q nor %q", c.AgentAuth, AuthToken, AuthNone)
	}
	for _, d := range []struct {
		field string
		at    *time.Duration
		to    time.Duration
	}{{"DrainTimeout", &c.DrainTimeout, defaultDrain}, {"QueueTimeout", &c.QueueTimeout, defaultQueue}, {"Retention", &c.Retention, defaultRetention},
		{"GroupTimeout", &c.GroupTimeout, time.Hour}, {"AckTimeout", &c.AckTimeout, 10 * time.Second}, {"Recovery", &c.Recovery, 2 * time.Minute}, {"Stall", &c.Stall, 2 * time.Minute}} {
		if *d.at < 0 {
			bad(d.field, "%s is negative", *d.at)
		}
		if *d.at == 0 {
			*d.at = d.to
		}
	}
	if c.BasePath = "/" + strings.Trim(c.BasePath, "/"); c.BasePath == "/" {
		c.BasePath = ""
	}
	if c.Org == "" {
		c.Org = defaultOrg
	}
	c.checkRelay(o, bad)
	if c.Cluster != "" && !admin.ClusterName.MatchString(c.Cluster) {
		bad("Cluster", "%q is none: lower-case letters, digits and '-' within, at most 63", c.Cluster)
	}
	var names []string
	for i := range c.Sources {
		s := &c.Sources[i]
		field := fmt.Sprintf("Sources[%d]", i)
		switch {
		case s.Name == "":
			bad(field, "a source needs a name: it is part of its webhook's address")
		case slices.Contains(names, s.Name):
			bad(field, "two sources are named %q", s.Name)
		}
		names = append(names, s.Name)
		p, ok := o.Providers[s.Kind]
		if !ok {
			bad(field, "no provider serves sources of kind %q", s.Kind)
			continue
		}
		if v, ok := p.(provider.Configurer); ok {
			if err := v.Validate(s.Config); err != nil {
				bad(field, "%w", err)
			}
		}
	}
	return errors.Join(errs...)
}
