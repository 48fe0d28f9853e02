package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// counting counts questions of the store.
type counting struct {
	store.Store
	views atomic.Int64
}

func (c *counting) View(ctx context.Context, f func(store.Tx) error) error {
	c.views.Add(1)
	return c.Store.View(ctx, f)
}

// bench is a room with a store in memory and a clock that tests move.
type bench struct {
	*Relay
	t     *testing.T
	store *counting
	mu    sync.Mutex // guards at
	at    time.Time
	ids   atomic.Int64
	first engine.OrgID
}

func setup(t *testing.T, c Config) *bench {
	t.Helper()
	s, err := sqlite.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, store: &counting{Store: s}, at: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	t.Cleanup(func() { b.must(s.Close()) })
	b.must(s.Migrate(t.Context(), b.at))
	c.Now, c.NewID, c.Log = b.now, func() string { return fmt.Sprintf("id-%d", b.ids.Add(1)) }, slog.New(slog.DiscardHandler)
	if c.Instance == "" {
		c.Instance = "this"
	}
	b.Relay = New(b.store, c)
	b.must(b.Seed(t.Context()))
	b.must(s.View(t.Context(), func(tx store.Tx) error {
		all, err := tx.Relay().Orgs(t.Context())
		b.first = all[0].ID
		return err
	}))
	return b
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at = b.at.Add(d)
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// org is the one that a fresh installation has. Inside a transaction nothing may ask
// the store again, so it is looked up before.
func (b *bench) org() engine.OrgID { return b.first }

// script is an orchestrator that does what a test says.
type script struct {
	offer   func(ctx context.Context, d *Delivery) (Verdict, error)
	offered atomic.Int64
	revoked atomic.Value
}

func (s *script) Offer(ctx context.Context, d *Delivery) (Verdict, error) {
	s.offered.Add(1)
	return s.offer(ctx, d)
}

func (s *script) Revoked(reason string) { s.revoked.Store(reason) }

func says(v status.Verdict) *script {
	return &script{offer: func(context.Context, *Delivery) (Verdict, error) { return Verdict{Result: v}, nil }}
}

// join connects an orchestrator that serves the source "forge".
func (b *bench) join(l Link, patterns ...string) *Member {
	b.t.Helper()
	m := b.connect(l, patterns...)
	if accepted, rejected, err := m.Register(b.t.Context(), Facts{Instance: "o", Cluster: "c"}, []Source{{RoutingKey: b.key(), Name: "forge"}}); err != nil || len(accepted) != 1 {
		b.t.Fatal(accepted, rejected, err)
	}
	return m
}

func (b *bench) connect(l Link, patterns ...string) *Member {
	b.t.Helper()
	_, secret, err := b.CreateKey(b.t.Context(), b.org(), "k", patterns)
	b.must(err)
	g, err := b.Admit(b.t.Context(), secret)
	b.must(err)
	m, err := b.Connect(b.t.Context(), g, Facts{Version: "v"}, l)
	b.must(err)
	return m
}

func (b *bench) key() string { return "generic:" + string(b.org()) + ":1" }

// deliver sends a body to the source "forge".
func (b *bench) deliver(sender string) (Verdict, error) {
	b.t.Helper()
	t, err := b.Find(b.t.Context(), b.org(), FamilyGeneric, "forge")
	if err != nil {
		return Verdict{}, err
	}
	return b.Deliver(b.t.Context(), t, &Delivery{
		ID: engine.DeliveryID(b.NewID()), RequestID: "q", Org: t.Org, RoutingKey: t.RoutingKey, Sender: sender, Body: []byte("the payload"), Hash: "h", ReceivedAt: b.now(),
	}, func(Verdict, error) int { return 299 })
}

func TestFailOver(t *testing.T) {
	t.Parallel()
	dead := func() *script {
		return &script{offer: func(context.Context, *Delivery) (Verdict, error) { return Verdict{}, errors.New("gone") }}
	}
	silent := &script{offer: func(ctx context.Context, _ *Delivery) (Verdict, error) { <-ctx.Done(); return Verdict{}, ctx.Err() }}
	for _, c := range []struct {
		name  string
		links []*script
		want  status.Verdict
		err   error
	}{
		{"one accepts", []*script{says(status.VerdictAccepted)}, status.VerdictAccepted, nil},
		{"the dead are passed over", []*script{dead(), dead(), says(status.VerdictAccepted)}, status.VerdictAccepted, nil},
		{"the silent are passed over", []*script{silent, says(status.VerdictAccepted)}, status.VerdictAccepted, nil},
		{"a refusal is a verdict", []*script{dead(), says(status.VerdictSignature)}, status.VerdictSignature, nil},
		{"who does not know it is passed over", []*script{says(status.VerdictUnknownSource), says(status.VerdictAccepted)}, status.VerdictAccepted, nil},
		{"nobody knows it", []*script{says(status.VerdictUnknownSource), says(status.VerdictUnknownSource)}, status.VerdictUnknownSource, nil},
		{"one does not know it, and one that might is dead", []*script{says(status.VerdictUnknownSource), dead()}, "", ErrNobody},
		{"all are dead", []*script{dead(), dead()}, "", ErrNobody},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, Config{OfferTimeout: 50 * time.Millisecond})
			for _, l := range c.links {
				b.join(l)
			}
			for range 3 { // whoever's turn it is
				v, err := b.deliver("")
				if errors.Is(err, ErrUnknown) && c.want == status.VerdictUnknownSource { // it is remembered
					continue
				}
				if v.Result != c.want || !errors.Is(err, c.err) {
					t.Errorf("%q, %v", v.Result, err)
				}
			}
		})
	}
}

// The verdict is written down with what the sender was told, and nothing of the
// payload.
func TestLog(t *testing.T) {
	t.Parallel()
	b := setup(t, Config{})
	m := b.join(says(status.VerdictAccepted))
	if _, err := b.deliver("sender-1"); err != nil {
		t.Fatal(err)
	}
	var all []engine.RelayedDelivery
	b.must(b.store.View(t.Context(), func(tx store.Tx) (err error) {
		all, err = tx.Relay().Logged(t.Context(), b.org(), time.Time{}, 9)
		return err
	}))
	if len(all) != 1 || all[0].Size != 11 || all[0].Hash != "h" || all[0].Seat != m.ID() || all[0].Status != 299 || all[0].Sender != "sender-1" || all[0].Verdict != status.VerdictAccepted {
		t.Errorf("%+v", all)
	}
}

// The least busy is asked, and equals take turns.
func TestLeastLoaded(t *testing.T) {
	t.Parallel()
	b := setup(t, Config{})
	hold, began := make(chan struct{}), make(chan struct{}, 100)
	slow := &script{offer: func(context.Context, *Delivery) (Verdict, error) {
		began <- struct{}{}
		<-hold
		return Verdict{Result: status.VerdictAccepted}, nil
	}}
	a, c := says(status.VerdictAccepted), says(status.VerdictAccepted)
	b.join(a)
	b.join(c)
	for range 20 {
		_, err := b.deliver("")
		b.must(err)
	}
	if a.offered.Load() != 10 || c.offered.Load() != 10 {
		t.Errorf("equals had %d and %d", a.offered.Load(), c.offered.Load())
	}
	b.join(slow)
	var all sync.WaitGroup
	for slow.offered.Load() == 0 {
		all.Go(func() { _, _ = b.deliver("") })
		select {
		case <-began:
		case <-time.After(time.Millisecond):
		}
	}
	for range 20 {
		_, err := b.deliver("")
		b.must(err)
	}
	if n := slow.offered.Load(); n > 2 {
		t.Errorf("the busy one was asked %d times", n)
	}
	close(hold)
	all.Wait()
}

func TestKeys(t *testing.T) {
	t.Parallel()
	b := setup(t, Config{})
	ctx := t.Context()
	if _, err := b.Admit(ctx, KeyPrefix+"0000"); !errors.Is(err, ErrKey) {
		t.Errorf("a wrong key: %v", err)
	}
	k, secret, err := b.CreateKey(ctx, b.org(), "main", nil)
	b.must(err)
	if !strings.HasPrefix(secret, KeyPrefix) || len(secret) != len(KeyPrefix)+64 || k.Prefix != secret[:16] || strings.Contains(string(k.Hash), secret) {
		t.Errorf("%q %+v", secret, k)
	}
	g, err := b.Admit(ctx, secret)
	b.must(err)
	l := says(status.VerdictAccepted)
	_, err = b.Connect(ctx, g, Facts{}, l)
	b.must(err)
	b.must(b.RevokeKey(ctx, k.ID))
	if l.revoked.Load() == nil {
		t.Error("the connection of a revoked key goes on")
	}
	if _, err := b.Admit(ctx, secret); !errors.Is(err, ErrRevoked) {
		t.Errorf("a revoked key: %v", err)
	}
	if err := b.RevokeKey(ctx, "none"); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("no key: %v", err)
	}
	if _, _, err := b.CreateKey(ctx, "org_none", "", nil); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("no organisation: %v", err)
	}
	var bad *InputError
	if _, _, err := b.CreateKey(ctx, b.org(), "", []string{"git*hub"}); !errors.As(err, &bad) {
		t.Errorf("a star in the middle: %v", err)
	}
	if _, err := b.CreateOrg(ctx, DefaultOrg); !errors.As(err, &bad) {
		t.Errorf("a name that is taken: %v", err)
	}
}

// A key that another relay of the store revoked ends its connections here.
func TestRevokedElsewhere(t *testing.T) {
	t.Parallel()
	b := setup(t, Config{})
	k, secret, err := b.CreateKey(t.Context(), b.org(), "main", nil)
	b.must(err)
	g, err := b.Admit(t.Context(), secret)
	b.must(err)
	l := says(status.VerdictAccepted)
	_, err = b.Connect(t.Context(), g, Facts{}, l)
	b.must(err)
	other := New(b.store, b.Config)
	b.must(other.RevokeKey(t.Context(), k.ID))
	if l.revoked.Load() != nil {
		t.Fatal("it was told too soon")
	}
	b.must(b.check(t.Context()))
	if l.revoked.Load() == nil {
		t.Error("it goes on")
	}
}

// What an orchestrator may register: its organisation's, what its key covers, and
// no name of another source.
func TestRegister(t *testing.T) {
	t.Parallel()
	b := setup(t, Config{})
	other, err := b.CreateOrg(t.Context(), "other")
	b.must(err)
	mine := "generic:" + string(b.org()) + ":"
	free, bound := b.connect(says(status.VerdictAccepted)), b.connect(says(status.VerdictAccepted), "github:*", mine+"9")
	for _, c := range []struct {
		m    *Member
		s    Source
		want string // of the rejection
	}{
		{free, Source{RoutingKey: mine + "1", Name: "forge"}, ""},
		{free, Source{RoutingKey: mine + "2", Name: "forge"}, "another source of the organisation is named"},
		{free, Source{RoutingKey: "generic:" + string(other.ID) + ":1", Name: "x"}, "another organisation's"},
		{free, Source{RoutingKey: "github:77", Name: "77"}, ""},
		{free, Source{RoutingKey: "github:77", Name: "78"}, "not complete"},
		{free, Source{RoutingKey: "local:default:1", Name: "x"}, "do not come over a relay"},
		{free, Source{RoutingKey: mine, Name: "x"}, "not complete"},
		{free, Source{RoutingKey: mine + "3"}, "are text"},
		{free, Source{RoutingKey: mine + "\x00", Name: "x"}, "are text"},
		{free, Source{RoutingKey: mine + strings.Repeat("x", 999), Name: "x"}, "are text"},
		{bound, Source{RoutingKey: mine + "8", Name: "eight"}, "key does not allow"},
		{bound, Source{RoutingKey: mine + "9", Name: "nine"}, ""},
		{bound, Source{RoutingKey: "github:78", Name: "78"}, ""},
	} {
		accepted, rejected, err := c.m.Register(t.Context(), Facts{}, []Source{c.s})
		b.must(err)
		switch {
		case c.want == "" && !slices.Equal(accepted, []string{c.s.RoutingKey}):
			t.Errorf("%+v: rejected, %v", c.s, rejected)
		case c.want != "" && (len(rejected) != 1 || !strings.Contains(rejected[0].Reason, c.want)):
			t.Errorf("%+v: %v, %v", c.s, accepted, rejected)
		}
	}
}

// A registration takes the place of the one before, and ends with the connection.
func TestRoutesEnd(t *testing.T) {
	t.Parallel()
	b := setup(t, Config{})
	l := says(status.VerdictAccepted)
	m := b.join(l)
	_, err := b.deliver("")
	b.must(err)
	b.must(m.Deregister(t.Context(), []string{b.key()}))
	if _, err := b.deliver(""); !errors.Is(err, ErrNobody) {
		t.Errorf("after it was taken back: %v", err)
	}
	b.join(l)
	_, err = b.deliver("")
	b.must(err)
	for _, m := range b.all() {
		m.Leave(t.Context())
	}
	if _, err := b.deliver(""); !errors.Is(err, ErrNobody) {
		t.Errorf("after all left: %v", err)
	}
	if b.Connected() != 0 || len(b.routes) != 0 || len(b.names) != 0 {
		t.Errorf("left: %d members, %v, %v", b.Connected(), b.routes, b.names)
	}
}

// A flood of unknown addresses: each is looked up once, all of them together hold a
// bounded memory, a known one is known again as soon as it is registered, and what
// cannot be an organisation costs nothing.
func TestUnknown(t *testing.T) {
	t.Parallel()
	b := setup(t, Config{UnknownMax: 100})
	find := func(org engine.OrgID, name string) error {
		_, err := b.Find(t.Context(), org, FamilyGeneric, name)
		return err
	}
	b.store.views.Store(0)
	for i := range 1000 {
		id := engine.OrgID(fmt.Sprintf("org_%012d", i))
		for range 3 {
			if err := find(id, "x"); !errors.Is(err, ErrUnknown) {
				t.Fatal(err)
			}
		}
		for _, bad := range []engine.OrgID{engine.OrgID(fmt.Sprint(i)), "", "org_", id + "0", "org_00000000000\x00"} {
			if err := find(bad, "x"); !errors.Is(err, ErrUnknown) {
				t.Fatal(err)
			}
		}
	}
	if n := b.store.views.Load(); n != 1000 {
		t.Errorf("1000 unknown organisations were %d questions", n)
	}
	if n := b.unknown.size(); n != 100 || len(b.unknown.ring) != 100 {
		t.Errorf("%d are remembered", n)
	}
	if err := find(b.org(), strings.Repeat("x", 1<<20)); !errors.Is(err, ErrUnknown) || b.unknown.size() != 100 {
		t.Errorf("a very long name: %v", err)
	}
	if err := find(b.org(), "forge"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	b.join(says(status.VerdictAccepted))
	b.must(find(b.org(), "forge"))
	b.store.views.Store(0)
	_ = find("org_000000000000", "x")
	_ = find("org_000000000000", "x")
	b.pass(5 * time.Minute)
	_ = find("org_000000000000", "x")
	if n := b.store.views.Load(); n != 2 {
		t.Errorf("what was unknown for five minutes was looked up %d times, want 2", n)
	}
}

// An orchestrator that registers what it does not know keeps nobody from the one
// that does, and alone it is remembered as unknown.
func TestLiar(t *testing.T) {
	t.Parallel()
	b := setup(t, Config{})
	liar := says(status.VerdictUnknownSource)
	b.join(liar)
	if v, err := b.deliver(""); v.Result != status.VerdictUnknownSource || err != nil {
		t.Fatal(v, err)
	}
	if _, err := b.deliver(""); !errors.Is(err, ErrUnknown) {
		t.Errorf("it is not remembered: %v", err)
	}
	if liar.offered.Load() != 1 {
		t.Error("it was asked again")
	}
	honest := says(status.VerdictAccepted)
	b.join(honest)
	for range 4 {
		if v, err := b.deliver(""); v.Result != status.VerdictAccepted || err != nil {
			t.Error(v, err)
		}
	}
}

// A delivery of a GitHub App that was accepted is not offered twice, unless it has
// another body; one that was refused is.
func TestRepeated(t *testing.T) {
	t.Parallel()
	b := setup(t, Config{})
	l := says(status.VerdictSignature)
	m := b.connect(l)
	_, _, err := m.Register(t.Context(), Facts{}, []Source{{RoutingKey: "github:7", Name: "7"}})
	b.must(err)
	send := func(hash string) Verdict {
		target, err := b.Find(t.Context(), b.org(), FamilyGitHub, "7")
		b.must(err)
		v, err := b.Deliver(t.Context(), target, &Delivery{ID: engine.DeliveryID(b.NewID()), Org: target.Org, RoutingKey: target.RoutingKey, Sender: "x", Hash: hash}, func(Verdict, error) int { return 0 })
		b.must(err)
		return v
	}
	send("h")
	l.offer = says(status.VerdictAccepted).offer
	if v := send("h"); v.Result != status.VerdictAccepted || v.Duplicate {
		t.Errorf("after a refusal: %+v", v)
	}
	if v := send("h"); !v.Duplicate || l.offered.Load() != 2 {
		t.Errorf("the same again: %+v", v)
	}
	if v := send("other"); v.Duplicate || l.offered.Load() != 3 {
		t.Errorf("with another body: %+v", v)
	}
}

// A relay that lives keeps its seats alive; one that is gone loses them.
func TestSeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		b.Now = time.Now
		b.join(says(status.VerdictAccepted))
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() { over <- b.Run(ctx) }()
		<-time.After(10 * time.Minute) // of the bubble
		seats := func() (out []engine.Seat) {
			b.must(b.store.View(context.Background(), func(tx store.Tx) (err error) {
				out, err = tx.Relay().Seats(context.Background(), b.org(), time.Now().Add(-SeatsAlive))
				return err
			}))
			return out
		}
		if len(seats()) != 1 {
			t.Error("a seat of a living relay is not alive")
		}
		stop()
		b.must(<-over)
		<-time.After(SeatsAlive + aliveEvery) // of the bubble
		if len(seats()) != 0 {
			t.Error("a seat outlives its relay")
		}
	})
}
