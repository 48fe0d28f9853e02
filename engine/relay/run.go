package relay

import (
	"context"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// Times of what is done now and then.
const (
	aliveEvery  = 10 * time.Second
	checkEvery  = 15 * time.Second // whether keys still count, should nobody have said
	pruneEvery  = time.Hour
	prunePage   = 500
	unseenAfter = 5 * time.Minute // a seat whose relay is gone is forgotten
)

// Run keeps the room until ctx ends.
func (r *Relay) Run(ctx context.Context) error {
	l := r.store.Listen(store.TopicRelay)
	defer l.Close()
	var alive, checked, pruned time.Time
	for {
		now := r.Now()
		if now.Sub(alive) >= aliveEvery {
			alive = now
			r.complain(ctx, "noting that this relay lives", r.store.Tx(ctx, func(tx store.Tx) error { return tx.Relay().Alive(ctx, r.Instance, now) }))
		}
		if now.Sub(pruned) >= pruneEvery {
			pruned = now
			r.complain(ctx, "forgetting what is old", r.prune(ctx, now))
		}
		if now.Sub(checked) >= checkEvery {
			checked = now
			r.complain(ctx, "looking at keys", r.check(ctx))
		}
		woken, err := l.Wait(ctx)
		if err != nil {
			return nil
		}
		if woken { // somewhere a source, a key or an organisation changed
			r.unknown.clear()
			checked = time.Time{}
		}
	}
}

func (r *Relay) complain(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		r.log.Warn("work failed and will be tried again", "work", what, "err", err)
	}
}

// check ends the connections whose key was revoked.
func (r *Relay) check(ctx context.Context) error {
	members := r.all()
	if len(members) == 0 {
		return nil
	}
	revoked := map[engine.KeyID]bool{}
	err := r.store.View(ctx, func(tx store.Tx) error {
		keys, err := tx.Relay().Keys(ctx, "")
		for i := range keys {
			revoked[keys[i].ID] = !keys[i].RevokedAt.IsZero()
		}
		return err
	})
	if err != nil { // a store that does not answer is no reason to lose orchestrators
		return err
	}
	for _, m := range members {
		if r, known := revoked[m.seat.Key]; r || !known {
			m.link.Revoked(ErrRevoked.Error())
		}
	}
	return nil
}

func (r *Relay) prune(ctx context.Context, now time.Time) error {
	for {
		var n int
		err := r.store.Tx(ctx, func(tx store.Tx) (err error) {
			n, err = tx.Relay().Prune(ctx, now.Add(-r.Retention), now.Add(-unseenAfter), prunePage)
			return err
		})
		if err != nil || n < prunePage {
			return err
		}
	}
}
