package relay

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// Grant is what a key gives.
type Grant struct {
	Org engine.Org
	Key engine.OrchestratorKey
}

// Admit finds whose key that is. Hashes are compared by the store's index, and
// learning how much of a hash is right helps nobody to find a key.
func (r *Relay) Admit(ctx context.Context, secret string) (*Grant, error) {
	hash := sha256.Sum256([]byte(secret))
	g := &Grant{}
	err := r.store.Tx(ctx, func(tx store.Tx) error {
		k, err := tx.Relay().Key(ctx, hash[:])
		if err != nil {
			return err
		}
		if !k.RevokedAt.IsZero() {
			return ErrRevoked
		}
		o, err := tx.Relay().Org(ctx, k.Org)
		if err != nil {
			return err
		}
		g.Org, g.Key = *o, *k
		return tx.Relay().UseKey(ctx, k.ID, r.Now())
	})
	if errors.Is(err, engine.ErrNotFound) {
		return nil, ErrKey
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Facts are what an orchestrator says of itself.
type Facts struct{ Instance, Cluster, Version, Mode string }

// Source is one that an orchestrator registers.
type Source struct{ RoutingKey, Name, Provider, Subtype string }

// Rejection is a source that is not routed, and why.
type Rejection struct{ RoutingKey, Reason string }

// Member is an orchestrator that is connected here.
type Member struct {
	r     *Relay
	grant Grant
	link  Link
	load  atomic.Int64 // deliveries that it has and has not answered
	seat  engine.Seat  // guarded by Relay.mu, but for what never changes: ID, Org, Key
	names []address    // guarded by Relay.mu
}

// Connect takes an orchestrator in. It is routed nothing before it registers.
func (r *Relay) Connect(ctx context.Context, g *Grant, f Facts, l Link) (*Member, error) {
	now := r.Now()
	m := &Member{r: r, grant: *g, link: l, seat: engine.Seat{
		ID: engine.SeatID(r.NewID()), Org: g.Org.ID, Key: g.Key.ID, Relay: r.Instance, URL: r.URL, Version: clean(f.Version), ConnectedAt: now, SeenAt: now,
	}}
	if err := r.sit(ctx, m.seat); err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.members[m.seat.ID] = m
	r.mu.Unlock()
	return m, nil
}

func (r *Relay) sit(ctx context.Context, s engine.Seat) error {
	return r.store.Tx(ctx, func(tx store.Tx) error { return tx.Relay().Sit(ctx, &s) })
}

// ID names the connection.
func (m *Member) ID() engine.SeatID { return m.seat.ID }

// Org is whose orchestrator it is.
func (m *Member) Org() engine.Org { return m.grant.Org }

// maxSources bounds what one orchestrator may register.
const maxSources = 10_000

// Register says what the orchestrator serves, in the place of what it said before.
// What the organisation or the key does not allow is left out, with the reason.
func (m *Member) Register(ctx context.Context, f Facts, sources []Source) (accepted []string, rejected []Rejection, err error) {
	var rows []engine.RelayedSource
	for i, s := range sources {
		if why := m.refuses(s, i); why != "" {
			rejected = append(rejected, Rejection{s.RoutingKey, why})
			continue
		}
		family, _, _ := strings.Cut(s.RoutingKey, ":")
		rows = append(rows, engine.RelayedSource{
			Org: m.grant.Org.ID, RoutingKey: s.RoutingKey, Family: family, Name: s.Name, Provider: clean(s.Provider), Subtype: clean(s.Subtype),
			Cluster: clean(f.Cluster), RegisteredAt: m.r.Now(),
		})
	}
	for _, row := range rows {
		err := m.r.store.Tx(ctx, func(tx store.Tx) error { tx.Notify(store.TopicRelay); return tx.Relay().PutSource(ctx, &row) })
		switch {
		case errors.Is(err, engine.ErrExists):
			rejected = append(rejected, Rejection{row.RoutingKey, fmt.Sprintf("another source of the organisation is named %q", row.Name)})
			continue
		case err != nil:
			return nil, nil, err
		}
		accepted = append(accepted, row.RoutingKey)
	}
	rows = slices.DeleteFunc(rows, func(s engine.RelayedSource) bool { return !slices.Contains(accepted, s.RoutingKey) })
	return accepted, rejected, m.r.sit(ctx, m.r.place(m, f, rows))
}

// refuses says why a source is not routed.
func (m *Member) refuses(s Source, index int) string {
	family, rest, _ := strings.Cut(s.RoutingKey, ":")
	org, id, _ := strings.Cut(rest, ":")
	switch {
	case index >= maxSources:
		return fmt.Sprintf("an orchestrator registers %d sources at most", maxSources)
	case clean(s.RoutingKey) != s.RoutingKey || clean(s.Name) != s.Name || s.Name == "":
		return fmt.Sprintf("routing key and name are text of at most %d bytes", maxName)
	case family == FamilyGeneric && org != string(m.grant.Org.ID):
		return "the routing key is another organisation's"
	case family == FamilyGeneric && id == "", family == FamilyGitHub && (rest == "" || s.Name != rest):
		return "the routing key is not complete"
	case family != FamilyGeneric && family != FamilyGitHub:
		return "deliveries of such sources do not come over a relay"
	case !matches(m.grant.Key.Patterns, s.RoutingKey):
		return "the orchestrator's key does not allow this routing key"
	}
	return ""
}

// matches tells whether one of the patterns covers a routing key; a star at the end
// covers everything behind.
func matches(patterns []string, key string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool {
		prefix, open := strings.CutSuffix(p, "*")
		return key == p || open && strings.HasPrefix(key, prefix)
	})
}

// place routes these sources to a member, and nothing else.
func (r *Relay) place(m *Member, f Facts, rows []engine.RelayedSource) engine.Seat {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unroute(m)
	m.seat.Instance, m.seat.Cluster, m.seat.Mode = clean(f.Instance), clean(f.Cluster), clean(f.Mode)
	if r.members[m.seat.ID] != nil { // and has not left meanwhile
		for _, s := range rows {
			at := route{string(s.Org), s.RoutingKey}
			r.routes[at] = append(r.routes[at], m)
			name := address{string(s.Org), s.Family, s.Name}
			r.names[name] = s.RoutingKey
			m.names = append(m.names, name)
			m.seat.RoutingKeys = append(m.seat.RoutingKeys, s.RoutingKey)
		}
	}
	m.seat.SeenAt = r.Now()
	r.unknown.clear()
	seat := m.seat
	seat.RoutingKeys = slices.Clone(seat.RoutingKeys)
	return seat
}

// unroute takes a member out of all routes. The caller holds the lock.
func (r *Relay) unroute(m *Member) {
	for _, key := range m.seat.RoutingKeys {
		r.drop(m, key)
	}
	m.seat.RoutingKeys, m.names = nil, nil
}

func (r *Relay) drop(m *Member, key string) {
	at := route{string(m.seat.Org), key}
	left := slices.DeleteFunc(slices.Clone(r.routes[at]), func(o *Member) bool { return o == m })
	if len(left) > 0 {
		r.routes[at] = left
		return
	}
	delete(r.routes, at)
	for _, name := range m.names {
		if r.names[name] == key {
			delete(r.names, name)
		}
	}
}

// forgetRoute routes a key to a member no more, until it registers again.
func (r *Relay) forgetRoute(m *Member, key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(m, key)
	m.seat.RoutingKeys = slices.DeleteFunc(slices.Clone(m.seat.RoutingKeys), func(k string) bool { return k == key })
}

// Deregister routes some keys to the orchestrator no more.
func (m *Member) Deregister(ctx context.Context, keys []string) error {
	for _, key := range keys {
		m.r.forgetRoute(m, key)
	}
	m.r.mu.Lock()
	seat := m.seat
	seat.RoutingKeys = slices.Clone(seat.RoutingKeys)
	m.r.mu.Unlock()
	return m.r.sit(ctx, seat)
}

// Leave ends the membership.
func (m *Member) Leave(ctx context.Context) {
	m.r.mu.Lock()
	m.r.unroute(m)
	delete(m.r.members, m.seat.ID)
	m.r.mu.Unlock()
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer stop()
	if err := m.r.store.Tx(ctx, func(tx store.Tx) error { return tx.Relay().Rise(ctx, m.seat.ID) }); err != nil {
		m.r.log.Warn("a seat could not be removed, and is forgotten in a while", "seat", m.seat.ID, "err", err)
	}
}

const leaveTimeout = 5 * time.Second
