package kici

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/kici-dev/kici-go/kici/internal/relay"
)

// RelayConfig is what a file can say. The zero value is a relay in memory that
// nobody can manage.
type RelayConfig struct {
	// DataDir is where the embedded store lives; empty keeps it in memory.
	DataDir string
	// PublicURL is where senders and orchestrators reach Handler:
	// "https://relay.example.org".
	PublicURL string
	// AdvertisedURL is where the other relays of the same name and store reach this
	// one. It needs a SecretKey.
	AdvertisedURL string
	// BasePath is what every path begins with; see also http.StripPrefix.
	BasePath string
	// SecretKey is 32 bytes that relays of one store share; what they hand each other
	// is sealed with it.
	SecretKey []byte `json:"-"`
	// AdminToken opens the admin API; without one there is none.
	AdminToken   string        `json:"-"`
	OfferTimeout time.Duration // for one orchestrator to say what it does with a delivery; 5 s
	UnknownTTL   time.Duration // an address that nobody knew stays unknown; 5 min
	Retention    time.Duration // of what is remembered of deliveries and runs; 30 days
	DrainTimeout time.Duration // for deliveries under way when it is asked to stop; 10 s
	Version      string        // of the program, for whoever asks
}

// RelayOption is a live thing for a relay.
type RelayOption interface {
	applyRelay(*relaySettings) error
}

type relaySettings struct{ live relay.Options }

type relayOption func(*relaySettings) error

func (f relayOption) applyRelay(s *relaySettings) error { return f(s) }

// WithRelayStoreOpener opens the store when Run begins, and Run closes it. It takes
// the place of the embedded store in DataDir. Several relays share a Postgres.
func WithRelayStoreOpener(open func(ctx context.Context) (Store, error)) RelayOption {
	return relayOption(func(s *relaySettings) error {
		s.live.OpenStore = func(ctx context.Context, _ string) (Store, error) { return open(ctx) }
		return given(open != nil)
	})
}

// Relay is what senders of webhooks reach when orchestrators cannot be reached: it
// hands each delivery to an orchestrator that has connected to it, and keeps
// nothing of it but its hash.
type Relay struct{ in *relay.Relay }

// NewRelay checks and connects. It starts no goroutine, opens no port and reads no
// environment. The error lists all that is wrong.
func NewRelay(cfg RelayConfig, opts ...RelayOption) (*Relay, error) {
	s := &relaySettings{live: relay.Options{Log: slog.Default(), Now: time.Now}}
	var errs []error
	for _, o := range opts {
		errs = append(errs, o.applyRelay(s))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	in, err := relay.New(relay.Config(cfg), s.live)
	if err != nil {
		return nil, err
	}
	return &Relay{in}, nil
}

// Run works until ctx ends, and returns when everything it started has ended.
// Deliveries that are under way then are still answered, for DrainTimeout at most.
// Run may be called once.
func (r *Relay) Run(ctx context.Context) error { return r.in.Run(ctx) }

// Ready is closed when senders and orchestrators are served.
func (r *Relay) Ready() <-chan struct{} { return r.in.Ready() }

// Handler serves webhooks, orchestrators, health and the API. It may be mounted
// before Run, and anywhere; until Ready it answers 503.
func (r *Relay) Handler() http.Handler { return r.in }

// Dialer connects an orchestrator in this process without a port; see
// [WithRelayDialer].
func (r *Relay) Dialer() Dialer { return r.in.Dialer() }
