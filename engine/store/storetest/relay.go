package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

func testRelayKeys(t *testing.T, b *bench) {
	ctx := context.Background()
	one := engine.Org{ID: "org_1", Alias: "oal_1", Name: "default", CreatedAt: b.now}
	two := engine.Org{ID: "org_2", Alias: "oal_2", Name: "other", CreatedAt: b.now.Add(time.Second)}
	b.tx(func(tx store.Tx) error {
		return errors.Join(tx.Relay().AddOrg(ctx, &one), tx.Relay().AddOrg(ctx, &two))
	})
	is(t, "name taken", b.Tx(ctx, func(tx store.Tx) error {
		return tx.Relay().AddOrg(ctx, &engine.Org{ID: "org_3", Alias: "oal_3", Name: "default"})
	}), engine.ErrExists)
	key := engine.OrchestratorKey{ID: "k1", Org: "org_1", Name: "main", Hash: []byte{0, 1, 255}, Prefix: "kici_ok_01234567", Patterns: []string{"github:*"}, CreatedAt: b.now}
	other := engine.OrchestratorKey{ID: "k2", Org: "org_2", Hash: []byte{2}, CreatedAt: b.now.Add(time.Second), Patterns: []string{}}
	b.tx(func(tx store.Tx) error {
		all, err := tx.Relay().Orgs(ctx)
		same(t, "organisations", all, []engine.Org{one, two}, err)
		got, err := tx.Relay().Org(ctx, "org_2")
		same(t, "organisation", got, &two, err)
		_, err = tx.Relay().Org(ctx, "none")
		is(t, "no organisation", err, engine.ErrNotFound)
		return errors.Join(tx.Relay().AddKey(ctx, &key), tx.Relay().AddKey(ctx, &other))
	})
	key.UsedAt, key.RevokedAt = b.now.Add(time.Minute), b.now.Add(time.Hour)
	b.tx(func(tx store.Tx) error {
		r := tx.Relay()
		is(t, "revoke nothing", r.RevokeKey(ctx, "none", b.now), engine.ErrNotFound)
		return errors.Join(r.UseKey(ctx, "k1", key.UsedAt), r.RevokeKey(ctx, "k1", key.RevokedAt), r.RevokeKey(ctx, "k1", b.now.Add(2*time.Hour)))
	})
	b.tx(func(tx store.Tx) error {
		got, err := tx.Relay().Key(ctx, key.Hash)
		same(t, "key", got, &key, err)
		_, err = tx.Relay().Key(ctx, []byte{9})
		is(t, "no key", err, engine.ErrNotFound)
		mine, err := tx.Relay().Keys(ctx, "org_1")
		same(t, "keys of one", mine, []engine.OrchestratorKey{key}, err)
		all, err := tx.Relay().Keys(ctx, "")
		same(t, "all keys", all, []engine.OrchestratorKey{key, other}, err)
		return nil
	})
}

func testRelaySeats(t *testing.T, b *bench) {
	ctx := context.Background()
	b.tx(func(tx store.Tx) error {
		return errors.Join(tx.Relay().AddOrg(ctx, &engine.Org{ID: "org_1", Alias: "a", Name: "a"}), tx.Relay().AddOrg(ctx, &engine.Org{ID: "org_2", Alias: "b", Name: "b"}))
	})
	s := engine.RelayedSource{Org: "org_1", RoutingKey: "generic:org_1:1", Family: "generic", Name: "forge", Provider: "git", Subtype: "forgejo", Cluster: "c", RegisteredAt: b.now}
	twin := s
	twin.Org = "org_2"
	b.tx(func(tx store.Tx) error {
		return errors.Join(tx.Relay().PutSource(ctx, &s), tx.Relay().PutSource(ctx, &twin))
	})
	thief := s
	thief.RoutingKey = "generic:org_1:2"
	is(t, "name of another source", b.Tx(ctx, func(tx store.Tx) error { return tx.Relay().PutSource(ctx, &thief) }), engine.ErrExists)
	s.Name, s.RegisteredAt = "renamed", b.now.Add(time.Hour)
	seat := engine.Seat{ID: "s1", Org: "org_1", Key: "k", Relay: "r1", URL: "http://r1", Instance: "i", Cluster: "c", Version: "v", Mode: "platform",
		RoutingKeys: []string{"generic:org_1:1"}, ConnectedAt: b.now, SeenAt: b.now}
	far := engine.Seat{ID: "s2", Org: "org_1", Relay: "r2", RoutingKeys: []string{}, SeenAt: b.now}
	far.ConnectedAt = b.now.Add(time.Second)
	b.tx(func(tx store.Tx) error {
		r := tx.Relay()
		return errors.Join(r.PutSource(ctx, &s), r.Sit(ctx, &seat), r.Sit(ctx, &far), r.Alive(ctx, "r1", b.now.Add(time.Minute)))
	})
	seat.SeenAt, seat.RoutingKeys = b.now.Add(time.Minute), []string{"a", "b"}
	b.tx(func(tx store.Tx) error { return tx.Relay().Sit(ctx, &seat) })
	b.tx(func(tx store.Tx) error {
		r := tx.Relay()
		got, err := r.Source(ctx, "org_1", "generic", "renamed")
		same(t, "source", got, &s, err)
		_, err = r.Source(ctx, "org_1", "generic", "forge")
		is(t, "old name", err, engine.ErrNotFound)
		all, err := r.Sources(ctx, "org_1")
		same(t, "sources", all, []engine.RelayedSource{s}, err)
		seats, err := r.Seats(ctx, "org_1", b.now)
		same(t, "seats", seats, []engine.Seat{seat, far}, err)
		seats, err = r.Seats(ctx, "org_1", b.now.Add(time.Second))
		same(t, "fresh seats", seats, []engine.Seat{seat}, err)
		if err := errors.Join(r.Rise(ctx, "s1"), r.Rise(ctx, "s1")); err != nil {
			return err
		}
		seats, err = r.Seats(ctx, "org_1", b.now)
		same(t, "seats left", seats, []engine.Seat{far}, err)
		return nil
	})
}

func testRelayLog(t *testing.T, b *bench) {
	ctx := context.Background()
	d := engine.RelayedDelivery{ID: "d1", Org: "org_1", RoutingKey: "github:1", Sender: "x", Event: "push", Size: 5, Hash: "h", Verdict: status.VerdictSignature,
		Status: 401, Seat: "s", RequestID: "q", ReceivedAt: b.now, AnsweredAt: b.now.Add(time.Second)}
	good := d
	good.ID, good.Verdict, good.Status, good.ReceivedAt = "d2", status.VerdictAccepted, 200, b.now.Add(time.Minute)
	part := engine.RunPart{Org: "org_1", Run: "r", Status: "running", Data: []byte(`{"a":1}`), UpdatedAt: b.now.Add(time.Minute)}
	job := engine.RunPart{Org: "org_1", Run: "r", Part: "job/j", Status: "queued", Data: []byte(`{}`), UpdatedAt: b.now}
	late := part
	late.Status, late.UpdatedAt = "pending", b.now
	b.tx(func(tx store.Tx) error {
		r := tx.Relay()
		_, err := r.Accepted(ctx, "org_1", "github:1", "x")
		is(t, "nothing accepted", err, engine.ErrNotFound)
		return errors.Join(r.Log(ctx, &d), r.Log(ctx, &good), r.PutParts(ctx, part, job, late))
	})
	b.tx(func(tx store.Tx) error {
		r := tx.Relay()
		got, err := r.Accepted(ctx, "org_1", "github:1", "x")
		same(t, "accepted", got, &good, err)
		_, err = r.Accepted(ctx, "org_2", "github:1", "x")
		is(t, "of another organisation", err, engine.ErrNotFound)
		all, err := r.Logged(ctx, "org_1", time.Time{}, 10)
		same(t, "log", all, []engine.RelayedDelivery{good, d}, err)
		all, err = r.Logged(ctx, "org_1", good.ReceivedAt, 10)
		same(t, "log before", all, []engine.RelayedDelivery{d}, err)
		parts, err := r.Parts(ctx, "org_1", "r")
		same(t, "parts", parts, []engine.RunPart{part, job}, err)
		shown, err := r.Shown(ctx, "org_1", 10)
		same(t, "runs", shown, []engine.RunPart{part}, err)
		n, err := r.Prune(ctx, b.now.Add(time.Second), b.now, 10)
		same(t, "pruned", n, 1, err)
		n, err = r.Prune(ctx, b.now.Add(time.Hour), b.now, 10)
		same(t, "pruned all", n, 3, err)
		return nil
	})
}
