package relay

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine/relay"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/kici/internal/httpapi/ingress"
	"github.com/kici-dev/kici-go/kici/internal/link/relayend"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/pipe"
	"github.com/kici-dev/kici-go/transport/session"
	"github.com/kici-dev/kici-go/transport/ws"
)

// Config is what a file can say.
type Config struct {
	DataDir       string
	PublicURL     string
	AdvertisedURL string
	BasePath      string
	SecretKey     []byte
	AdminToken    string
	OfferTimeout  time.Duration
	UnknownTTL    time.Duration
	Retention     time.Duration
	DrainTimeout  time.Duration
	Version       string
}

// Options are live things.
type Options struct {
	Log   *slog.Logger
	Now   func() time.Time
	Store store.Store
	// OpenStore opens the default store.
	OpenStore func(ctx context.Context, dir string) (store.Store, error)
	// Wire makes the wire of this process a bad one, for tests.
	Wire    []pipe.Option
	Session session.Options
	// Client asks other relays.
	Client *http.Client
}

// Relay is the whole thing.
type Relay struct {
	config Config
	o      Options
	wire   *pipe.Listener // for orchestrators of this process
	ready  chan struct{}
	house  atomic.Pointer[house]
	ran    atomic.Bool
}

// What callers branch on.
var (
	ErrNotReady  = errors.New("kici: the relay is not running")
	ErrRanBefore = errors.New("kici: Run was called before")
)

const (
	keyBytes     = 32
	defaultDrain = 10 * time.Second
)

// New checks what it is given. It starts nothing.
func New(c Config, o Options) (*Relay, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if o.OpenStore == nil {
		o.OpenStore = func(ctx context.Context, dir string) (store.Store, error) { return sqlite.Open(ctx, dir) }
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: time.Minute}
	}
	return &Relay{config: c, o: o, wire: pipe.Listen(o.Wire...), ready: make(chan struct{})}, nil
}

// check fills in what is zero and lists all that is wrong.
func (c *Config) check() error {
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
	for _, u := range []struct{ field, value string }{{"PublicURL", c.PublicURL}, {"AdvertisedURL", c.AdvertisedURL}} {
		if p, err := url.Parse(u.value); u.value != "" && (err != nil || p.Host == "" || p.Scheme != "http" && p.Scheme != "https") {
			bad(u.field, "%q is not an address that begins with http:// or https://", u.value)
		}
	}
	if n := len(c.SecretKey); n != 0 && n != keyBytes {
		bad("SecretKey", "has %d bytes, not %d", n, keyBytes)
	}
	if c.AdvertisedURL != "" && len(c.SecretKey) == 0 {
		bad("AdvertisedURL", "needs a SecretKey that all relays of one name share")
	}
	for _, d := range []struct {
		field string
		value time.Duration
	}{{"OfferTimeout", c.OfferTimeout}, {"UnknownTTL", c.UnknownTTL}, {"Retention", c.Retention}, {"DrainTimeout", c.DrainTimeout}} {
		if d.value < 0 {
			bad(d.field, "%s is negative", d.value)
		}
	}
	if c.DrainTimeout == 0 {
		c.DrainTimeout = defaultDrain
	}
	if c.BasePath = "/" + strings.Trim(c.BasePath, "/"); c.BasePath == "/" {
		c.BasePath = ""
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	return errors.Join(errs...)
}

// Ready is closed when senders and orchestrators are served.
func (r *Relay) Ready() <-chan struct{} { return r.ready }

// Dialer connects an orchestrator of this process.
func (r *Relay) Dialer() transport.Dialer { return r.wire }

// Wire is the network of this process, for tests that cut it.
func (r *Relay) Wire() *pipe.Listener { return r.wire }

// Run works until ctx ends.
func (r *Relay) Run(ctx context.Context) (err error) {
	if r.ran.Swap(true) {
		return ErrRanBefore
	}
	defer func() { err = errors.Join(err, r.wire.Close()) }()
	s := r.o.Store
	if s == nil {
		if s, err = r.o.OpenStore(ctx, r.config.DataDir); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
	}
	if err := s.Migrate(ctx, r.o.Now()); err != nil {
		return err
	}
	h := r.build(s)
	if err := h.room.Seed(ctx); err != nil {
		return err
	}
	return h.run(ctx)
}

// house is the parts of a running relay.
type house struct {
	r       *Relay
	store   store.Store
	room    *relay.Relay
	links   *relayend.Server
	view    *view
	handler http.Handler
	sockets *ws.Handler
	conns   sync.WaitGroup // of orchestrators
	under   counter        // requests
	ctx     context.Context
}

func (r *Relay) build(s store.Store) *house {
	c, log := &r.config, r.o.Log
	h := &house{r: r, store: s}
	var peers relay.Peers
	var key []byte
	if len(c.SecretKey) > 0 {
		key = derive(c.SecretKey, "kici relay deliveries")
		peers = &ingress.Peers{Key: key, Client: r.o.Client, Now: r.o.Now}
	}
	h.room = relay.New(s, relay.Config{
		Now: r.o.Now, NewID: newID, Log: log, Instance: newID(), URL: c.AdvertisedURL, Peers: peers,
		OfferTimeout: c.OfferTimeout, UnknownTTL: c.UnknownTTL, Retention: c.Retention,
	})
	h.view = newView(s, r.o.Now)
	h.links = relayend.New(relayend.Config{
		NewID: newID, Log: log, Relay: h.room, Sink: h.view, Session: r.o.Session, WebhookURL: h.webhookURL,
	})
	h.sockets = &ws.Handler{Serve: h.socket}
	h.handler = h.routes(key)
	return h
}

// derive makes a key for one purpose.
func derive(key []byte, purpose string) []byte {
	out, err := hkdf.Key(sha256.New, key, nil, purpose, keyBytes)
	if err != nil { // only for lengths that are not ours
		panic(err)
	}
	return out
}

// newID is a random UUID, as protocols of the house want request ids to be.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// run serves until ctx ends, and then lets deliveries under way end.
func (h *house) run(ctx context.Context) error {
	hard, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	h.ctx = hard
	g, gctx := errgroup.WithContext(hard)
	for _, s := range []func(context.Context) error{h.room.Run, h.accept} {
		g.Go(func() error { return s(gctx) })
	}
	h.r.house.Store(h)
	close(h.r.ready)
	select {
	case <-ctx.Done():
	case <-gctx.Done(): // a service failed
	}
	h.r.house.Store(nil)
	h.drain(hard)
	stop()
	err := g.Wait()
	h.conns.Wait()
	return err
}
