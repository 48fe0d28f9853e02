package dispatch

import (
	"cmp"
	"context"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/route"
	"github.com/kici-dev/kici-go/engine/store"
)

// assign makes rounds.
func (d *Dispatcher) assign(ctx context.Context) error {
	l := d.store.Listen(store.TopicQueue)
	defer l.Close()
	signals := make(chan struct{}, 1)
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	defer func() { stop(); <-ended }()
	go func() { // two kinds of signal, one to wait for
		defer close(ended)
		for {
			if _, err := l.Wait(ctx); err != nil {
				return
			}
			select {
			case signals <- struct{}{}:
			default:
			}
		}
	}()
	wait := func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-signals:
		case <-d.kick:
		}
		return nil
	}
	return d.loop(ctx, "assign", wait, d.round)
}

// offer is a member with room, as a round sees it.
type offer struct {
	member *Member
	free   int
}

// round gives out what can be given out. It looks at the backlog in a view
// first: most rounds find nothing, and a transaction would cost a write lock.
func (d *Dispatcher) round(ctx context.Context) error {
	offers := d.offers()
	if len(offers) == 0 {
		return nil
	}
	var backlog []store.Backlog
	err := d.store.View(ctx, func(tx store.Tx) (err error) {
		backlog, err = tx.Queue().Backlog(ctx, d.Now())
		return err
	})
	if err != nil {
		return err
	}
	offers = suitable(offers, backlog)
	if len(offers) == 0 {
		return nil
	}
	given, err := d.claim(ctx, offers, backlog)
	if err != nil {
		return err
	}
	for m, as := range given {
		m.hand(as)
	}
	return nil
}

// offers lists members that have room, the least busy first.
func (d *Dispatcher) offers() []offer {
	d.mu.Lock()
	draining := d.draining
	d.mu.Unlock()
	if draining {
		return nil
	}
	var out []offer
	for _, m := range d.all() {
		if free := m.free(d.Now()); free > 0 {
			out = append(out, offer{member: m, free: free})
		}
	}
	slices.SortFunc(out, func(a, b offer) int {
		return cmp.Or(cmp.Compare(b.free, a.free), cmp.Compare(a.member.agent.ID, b.member.agent.ID))
	})
	return out
}

// suitable keeps the offers that some waiting job can use.
func suitable(offers []offer, backlog []store.Backlog) []offer {
	return slices.DeleteFunc(offers, func(o offer) bool { return len(o.member.serves(backlog)) == 0 })
}

// claim takes jobs for the members, spread over those that can do them.
func (d *Dispatcher) claim(ctx context.Context, offers []offer, backlog []store.Backlog) (map[*Member][]engine.Attempt, error) {
	var given map[*Member][]engine.Attempt
	now := d.Now()
	err := d.store.Tx(ctx, func(tx store.Tx) error {
		given = map[*Member][]engine.Attempt{}
		left := map[engine.Route]int{}
		for _, b := range backlog {
			left[b.Route] = b.Count
		}
		for i, o := range offers {
			routes := slices.DeleteFunc(o.member.serves(backlog), func(r engine.Route) bool { return left[r] <= 0 })
			want := share(routes, left, len(offers)-i)
			if want == 0 {
				continue
			}
			as, err := tx.Queue().Claim(ctx, store.Claim{
				Agent: o.member.agent.ID, Routes: routes, Limit: min(o.free, want), Now: now, AckDeadline: now.Add(d.AckTimeout),
				NewID: func() engine.AttemptID { return engine.AttemptID(d.NewID()) },
			})
			if err != nil {
				return err
			}
			if len(as) > 0 {
				given[o.member] = as
			}
			for range as { // which route each was of matters little: the next round sees
				for _, r := range routes {
					if left[r] > 0 {
						left[r]--
						break
					}
				}
			}
		}
		return nil
	})
	return given, err
}

// share is a member's part of what waits, when so many are still to be served.
func share(routes []engine.Route, left map[engine.Route]int, members int) int {
	n := 0
	for _, r := range routes {
		n += left[r]
	}
	return (n + members - 1) / members
}

// serves lists the routes of the backlog that the member may take. Verdicts are
// remembered: routes are few and rounds are many.
func (m *Member) serves(backlog []store.Backlog) []engine.Route {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []engine.Route
	for _, b := range backlog {
		ok, known := m.verdicts[b.Route]
		if !known {
			if ok = m.d.AnyLabels; !ok {
				ok, _ = route.Match(b.Route, m.offer)
			}
			if len(m.verdicts) < maxVerdicts {
				m.verdicts[b.Route] = ok
			}
		}
		if ok {
			out = append(out, b.Route)
		}
	}
	return out
}

// maxVerdicts bounds memory against lock files that invent labels.
const maxVerdicts = 4096
