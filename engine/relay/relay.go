package relay

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Config is what the room is given. Zero durations and bounds mean the defaults.
type Config struct {
	Now   func() time.Time
	NewID func() string
	Log   *slog.Logger
	// Instance names this relay among those that share its store.
	Instance string
	// URL is where the others reach it; empty: it holds its orchestrators alone.
	URL   string
	Peers Peers // sends to the others; nil: it does not

	OfferTimeout time.Duration // for one candidate to give its verdict; 5 s
	Patience     time.Duration // for all of them; 30 s
	UnknownTTL   time.Duration // what nobody knew stays unknown; 5 min
	UnknownMax   int           // and that many of them; 10 000
	Retention    time.Duration // of what is remembered of deliveries and runs; 30 days
}

func (c *Config) fill() {
	for _, d := range []struct {
		at *time.Duration
		to time.Duration
	}{{&c.OfferTimeout, 5 * time.Second}, {&c.Patience, 30 * time.Second}, {&c.UnknownTTL, 5 * time.Minute}, {&c.Retention, 30 * 24 * time.Hour}} {
		if *d.at <= 0 {
			*d.at = d.to
		}
	}
	c.Patience = max(c.Patience, c.OfferTimeout)
	if c.UnknownMax <= 0 {
		c.UnknownMax = 10_000
	}
}

// Link is the connection of an orchestrator.
type Link interface {
	// Offer hands a delivery over and waits for the verdict. An error is no
	// verdict: somebody else may be asked.
	Offer(ctx context.Context, d *Delivery) (Verdict, error)
	// Revoked ends it, because its key does not count any more.
	Revoked(reason string)
}

// Peers sends a delivery to another relay, which offers it to the orchestrators it
// holds.
type Peers interface {
	Forward(ctx context.Context, url string, d *Delivery) (Verdict, error)
}

// Delivery is one that is under way. Nothing of it is changed once it is offered.
type Delivery struct {
	ID         engine.DeliveryID
	RequestID  string
	Org        engine.OrgID
	RoutingKey string
	Event      string // what the sender calls it; for the log
	Sender     string // the sender's own id of it
	Signature  string // the header that proves the sender, as it came
	Header     http.Header
	Path       string // what followed the source in the address
	Remote     string // IP address of the sender
	Body       []byte
	Hash       string // SHA-256 of the body, in hexadecimal
	ReceivedAt time.Time
}

// Verdict is an orchestrator's answer. Status, Reason and RetryAfter are what it
// would have told the sender itself; zero when it did not say.
type Verdict struct {
	Result     status.Verdict `json:"result"`
	Status     int            `json:"status,omitempty"`
	Reason     string         `json:"reason,omitempty"`
	RetryAfter int            `json:"retryAfter,omitempty"` // seconds
	Duplicate  bool           `json:"duplicate,omitempty"`
	Seat       engine.SeatID  `json:"seat,omitempty"` // who said so
}

// What callers branch on.
var (
	// ErrUnknown: no source of that organisation has that name. 404.
	ErrUnknown = errors.New("relay: no such organisation or source")
	// ErrNobody: the source is known, and no orchestrator took the delivery. 503.
	ErrNobody = errors.New("relay: no orchestrator takes deliveries of this source at the moment")
	// ErrKey: the key opens no door.
	ErrKey = errors.New("relay: the key is not known here")
	// ErrRevoked: it did, and does not any more.
	ErrRevoked = errors.New("relay: the key has been revoked")
)

// Relay is the room. It is safe for concurrent use.
type Relay struct {
	Config
	store   store.Store
	log     *slog.Logger
	unknown *negative

	mu      sync.Mutex // guards what follows
	members map[engine.SeatID]*Member
	routes  map[route][]*Member
	names   map[address]string // routing keys of what is registered here
	turn    uint64             // whose it is among equals
}

// route is where deliveries of a routing key may go, and address is what stands in
// their URL.
type (
	route   struct{ org, key string }
	address struct{ org, family, name string }
)

// New makes the room. Run keeps it.
func New(s store.Store, c Config) *Relay {
	c.fill()
	return &Relay{
		Config: c, store: s, log: c.Log.With("room", "relay"), unknown: newNegative(c.UnknownMax, c.UnknownTTL),
		members: map[engine.SeatID]*Member{}, routes: map[route][]*Member{}, names: map[address]string{},
	}
}
