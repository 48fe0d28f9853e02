package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Deliver offers a delivery until somebody gives a verdict. It is ErrNobody when
// nobody does. What became of it is written down with the status that statusOf
// says the sender gets.
func (r *Relay) Deliver(ctx context.Context, t *Target, d *Delivery, statusOf func(Verdict, error) int) (Verdict, error) {
	v, err := r.repeated(ctx, t, d)
	if err == nil && v.Result == "" {
		v, err = r.deliver(ctx, t, d)
	}
	r.note(ctx, d, v, statusOf(v, err))
	return v, err
}

// repeated answers a delivery of GitHub that was accepted before: it has an id of
// its own that no other delivery has. Of other senders only the orchestrator knows
// which header holds one.
func (r *Relay) repeated(ctx context.Context, t *Target, d *Delivery) (v Verdict, err error) {
	if t.Family != FamilyGitHub || d.Sender == "" {
		return v, nil
	}
	err = r.store.View(ctx, func(tx store.Tx) error {
		before, err := tx.Relay().Accepted(ctx, d.Org, d.RoutingKey, d.Sender)
		if err == nil && before.Hash == d.Hash {
			v = Verdict{Result: status.VerdictAccepted, Duplicate: true, Seat: before.Seat}
		}
		return err
	})
	if errors.Is(err, engine.ErrNotFound) {
		return v, nil
	}
	return v, err
}

func (r *Relay) deliver(ctx context.Context, t *Target, d *Delivery) (Verdict, error) {
	ctx, stop := context.WithTimeout(ctx, r.Patience)
	defer stop()
	v, err := r.Local(ctx, d)
	if errors.Is(err, ErrNobody) {
		unknown, silent := v.Result != "", errors.Is(err, errSilent)
		v, err = r.elsewhere(ctx, d)
		switch {
		case unknown && errors.Is(err, errNobodyElse):
			v, err = Verdict{Result: status.VerdictUnknownSource}, nil
		case silent && err == nil && v.Result == status.VerdictUnknownSource:
			v, err = Verdict{}, errSilent
		}
	}
	if err == nil && v.Result == status.VerdictUnknownSource {
		r.unknown.add(t.address(), r.Now())
	}
	return v, err
}

// Local offers a delivery to the orchestrators that are connected here. One that
// does not know the source is not asked again, and its word only counts when all
// say so, since one that is silent may know it: then the error is ErrNobody beside
// that verdict.
func (r *Relay) Local(ctx context.Context, d *Delivery) (last Verdict, err error) {
	var tried []engine.SeatID
	silent := false
	for {
		m := r.next(route{string(d.Org), d.RoutingKey}, tried)
		if m == nil || ctx.Err() != nil {
			if silent {
				return Verdict{}, errSilent
			}
			return last, ErrNobody
		}
		tried = append(tried, m.seat.ID)
		v, err := r.offer(ctx, m, d)
		switch {
		case err != nil:
			silent = true
			r.log.Warn("an orchestrator did not take a delivery", "delivery", d.ID, "seat", m.seat.ID, "requestId", d.RequestID, "err", err)
		case v.Result == status.VerdictUnknownSource:
			r.log.Warn("an orchestrator does not know a source that it registered", "routingKey", d.RoutingKey, "seat", m.seat.ID, "requestId", d.RequestID)
			r.forgetRoute(m, d.RoutingKey)
			last = v
		default:
			return v, nil
		}
	}
}

func (r *Relay) offer(ctx context.Context, m *Member, d *Delivery) (Verdict, error) {
	ctx, stop := context.WithTimeout(ctx, r.OfferTimeout)
	defer stop()
	m.load.Add(1)
	defer m.load.Add(-1)
	v, err := m.link.Offer(ctx, d)
	v.Seat = m.seat.ID
	return v, err
}

// next is the least busy member of a route that was not asked yet; equals take
// turns.
func (r *Relay) next(at route, tried []engine.SeatID) *Member {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn++
	all := r.routes[at]
	var best *Member
	for i := range all {
		m := all[(r.turn+uint64(i))%uint64(len(all))]
		if !slices.Contains(tried, m.seat.ID) && (best == nil || m.load.Load() < best.load.Load()) {
			best = m
		}
	}
	return best
}

var (
	// errNobodyElse: no other relay could be asked.
	errNobodyElse = fmt.Errorf("%w, here or at another relay", ErrNobody)
	// errSilent: somebody was asked who may know the source, and did not answer.
	errSilent = fmt.Errorf("%w: those that were asked did not answer", ErrNobody)
)

// SeatsAlive is how long ago a relay must have noted that it lives.
const SeatsAlive = 35 * time.Second

// elsewhere sends a delivery to other relays that hold orchestrators of its route,
// to each of them once.
func (r *Relay) elsewhere(ctx context.Context, d *Delivery) (last Verdict, err error) {
	if r.Peers == nil {
		return last, errNobodyElse
	}
	var seats []engine.Seat
	err = r.store.View(ctx, func(tx store.Tx) (err error) {
		seats, err = tx.Relay().Seats(ctx, d.Org, r.Now().Add(-SeatsAlive))
		return err
	})
	if err != nil {
		return last, err
	}
	slices.SortStableFunc(seats, func(a, b engine.Seat) int { return -cmp.Compare(a.SeenAt.UnixMicro(), b.SeenAt.UnixMicro()) })
	asked, silent := []string{r.Instance}, false
	for i := range seats {
		s := &seats[i]
		if s.URL == "" || slices.Contains(asked, s.Relay) || !slices.Contains(s.RoutingKeys, d.RoutingKey) || ctx.Err() != nil {
			continue
		}
		asked = append(asked, s.Relay)
		v, err := r.Peers.Forward(ctx, s.URL, d)
		switch {
		case err != nil:
			silent = true
			r.log.Warn("another relay did not take a delivery", "delivery", d.ID, "relay", s.URL, "requestId", d.RequestID, "err", err)
		case v.Result == status.VerdictUnknownSource:
			last = v
		default:
			return v, nil
		}
	}
	switch {
	case silent:
		return Verdict{}, ErrNobody
	case last.Result == "":
		return last, errNobodyElse
	}
	return last, nil
}

// note writes down what became of a delivery. The sender is answered all the same:
// an orchestrator has it, or it does not.
func (r *Relay) note(ctx context.Context, d *Delivery, v Verdict, code int) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer stop()
	row := &engine.RelayedDelivery{
		ID: d.ID, Org: d.Org, RoutingKey: d.RoutingKey, Sender: clean(d.Sender), Event: clean(d.Event), Size: int64(len(d.Body)), Hash: d.Hash,
		Verdict: v.Result, Status: code, Seat: v.Seat, RequestID: d.RequestID, ReceivedAt: d.ReceivedAt, AnsweredAt: r.Now(),
	}
	if err := r.store.Tx(ctx, func(tx store.Tx) error { return tx.Relay().Log(ctx, row) }); err != nil {
		r.log.Error("a delivery could not be logged", "delivery", d.ID, "requestId", d.RequestID, "err", err)
	}
}

const noteTimeout = 5 * time.Second
