package dispatch

import (
	"cmp"
	"context"
	"fmt"
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
	routes []engine.Route // of the backlog, that it may serve
}

// atOnce bounds what a round looks at and gives out of each route. More waits for
// the next round, which follows at once.
const atOnce = 1000

// round gives out what can be given out. It looks at the backlog in a view
// first: most rounds find nothing, and a transaction would cost a write lock.
func (d *Dispatcher) round(ctx context.Context) error {
	if !d.room() {
		return nil
	}
	var backlog []store.Backlog
	err := d.store.View(ctx, func(tx store.Tx) (err error) {
		backlog, err = tx.Queue().Backlog(ctx, d.Now(), atOnce)
		return err
	})
	if err != nil || len(backlog) == 0 {
		return err
	}
	offers := d.offers(backlog)
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
	if slices.ContainsFunc(backlog, func(b store.Backlog) bool { return b.Count == atOnce }) && len(given) > 0 {
		d.wake()
	}
	return nil
}

// room tells whether anybody could take a job.
func (d *Dispatcher) room() bool {
	now := d.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.draining {
		return false
	}
	for _, m := range d.members {
		if m.free(now) > 0 {
			return true
		}
	}
	return false
}

// offers lists members that have room for some waiting job, the least busy first,
// and not many more than there are jobs.
func (d *Dispatcher) offers(backlog []store.Backlog) []offer {
	jobs, now := 0, d.Now()
	for _, b := range backlog {
		jobs += b.Count
	}
	var out []offer
	for _, m := range d.all() {
		free := m.free(now)
		if free <= 0 {
			continue
		}
		if routes := m.serves(backlog); len(routes) > 0 {
			out = append(out, offer{m, free, routes})
		}
	}
	if len(backlog) == 1 { // whom the others would serve nobody knows
		out = least(out, jobs)
	}
	slices.SortFunc(out, compare)
	return out
}

func compare(a, b offer) int {
	return cmp.Or(cmp.Compare(b.free, a.free), cmp.Compare(a.member.agent.ID, b.member.agent.ID))
}

// least keeps the n that are least busy, in no order. Thousands of agents may be
// idle, and one job need not sort them.
func least(all []offer, n int) []offer {
	if len(all) <= 4*n {
		return all
	}
	kept := slices.Clone(all[:n])
	slices.SortFunc(kept, compare)
	for _, o := range all[n:] {
		if compare(o, kept[n-1]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(kept, o, compare)
		copy(kept[at+1:], kept[at:n-1])
		kept[at] = o
	}
	return kept
}

// claim takes jobs for the members, spread over those that can do them. Members
// that serve the same routes claim together.
func (d *Dispatcher) claim(ctx context.Context, offers []offer, backlog []store.Backlog) (map[*Member][]engine.Attempt, error) {
	members := map[engine.AgentID]*Member{}
	for _, o := range offers {
		members[o.member.agent.ID] = o.member
	}
	var given map[*Member][]engine.Attempt
	now := d.Now()
	err := d.store.Tx(ctx, func(tx store.Tx) error {
		given = map[*Member][]engine.Attempt{}
		left := map[engine.Route]int{}
		for _, b := range backlog {
			left[b.Route] = b.Count
		}
		rest := len(offers)
		for _, g := range alike(offers) {
			routes := slices.DeleteFunc(slices.Clone(g[0].routes), func(r engine.Route) bool { return left[r] <= 0 })
			turns := turns(g, share(routes, left, len(g), rest))
			rest -= len(g)
			if len(turns) == 0 {
				continue
			}
			as, err := tx.Queue().Claim(ctx, store.Claim{
				Agents: turns, Routes: routes, Limit: len(turns), Now: now, AckDeadline: now.Add(d.AckTimeout),
				NewID: func() engine.AttemptID { return engine.AttemptID(d.NewID()) },
			})
			if err != nil {
				return err
			}
			for _, a := range as {
				m := members[a.Agent]
				given[m] = append(given[m], a)
				for _, r := range routes { // which route it was of matters little: the next round sees
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

// alike groups offers by the routes they serve, in their order.
func alike(offers []offer) (out [][]offer) {
	groups := map[string]int{}
	for _, o := range offers {
		key := fmt.Sprintf("%q", o.routes)
		i, ok := groups[key]
		if !ok {
			i = len(out)
			groups[key], out = i, append(out, nil)
		}
		out[i] = append(out[i], o)
	}
	return out
}

// share is the part that so many members get of what waits, when so many in all
// are still to be served.
func share(routes []engine.Route, left map[engine.Route]int, members, rest int) int {
	n := 0
	for _, r := range routes {
		n += left[r]
	}
	return (n*members + rest - 1) / rest
}

// turns is who takes the next n jobs: each member one, then those with more room
// another, until there is no room.
func turns(offers []offer, n int) (out []engine.AgentID) {
	for round := 0; len(out) < n; round++ {
		before := len(out)
		for _, o := range offers {
			if o.free > round && len(out) < n {
				out = append(out, o.member.agent.ID)
			}
		}
		if len(out) == before {
			break
		}
	}
	return out
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
