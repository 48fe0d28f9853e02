package storetest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

func testDrains(t *testing.T, b *bench) {
	ctx := context.Background()
	b.tx(func(tx store.Tx) error {
		return errors.Join(tx.Agents().Drain(ctx, "b", b.now), tx.Agents().Drain(ctx, "b", b.now.Add(time.Hour)), tx.Agents().Drain(ctx, "a", b.now))
	})
	b.tx(func(tx store.Tx) error {
		all, err := tx.Agents().Drains(ctx)
		same(t, "since the first time", all, []engine.Drain{{Agent: "a", Since: b.now}, {Agent: "b", Since: b.now}}, err)
		if err := errors.Join(tx.Agents().Undrain(ctx, "b"), tx.Agents().Undrain(ctx, "none")); err != nil {
			return err
		}
		all, err = tx.Agents().Drains(ctx)
		same(t, "one is over", all, []engine.Drain{{Agent: "a", Since: b.now}}, err)
		return nil
	})
}

func testKeys(t *testing.T, b *bench) {
	ctx := context.Background()
	k := engine.APIKey{ID: "k1", Label: "l", Prefix: "kici_sk_abc", Hash: bytes.Repeat([]byte{0, 255}, 16), RoutingKeys: []string{"github:*"}, CreatedAt: b.now, ExpiresAt: b.now.Add(time.Hour)}
	b.tx(func(tx store.Tx) error { return tx.Keys().Add(ctx, &k) })
	is(t, "hash taken", b.Tx(ctx, func(tx store.Tx) error { return tx.Keys().Add(ctx, &engine.APIKey{ID: "k2", Hash: k.Hash}) }), engine.ErrExists)
	b.tx(func(tx store.Tx) error {
		got, err := tx.Keys().Find(ctx, k.Hash)
		same(t, "find", got, &k, err)
		_, err = tx.Keys().Find(ctx, []byte("other"))
		is(t, "wrong", err, engine.ErrNotFound)
		is(t, "revoke none", tx.Keys().Revoke(ctx, "none", b.now), engine.ErrNotFound)
		is(t, "route none", tx.Keys().Route(ctx, "none", nil), engine.ErrNotFound)
		k.UsedAt, k.RevokedAt, k.RoutingKeys = b.now.Add(1000), b.now.Add(2000), []string{"a", "b"}
		if err := errors.Join(tx.Keys().Use(ctx, "k1", k.UsedAt), tx.Keys().Route(ctx, "k1", k.RoutingKeys), tx.Keys().Revoke(ctx, "k1", k.RevokedAt),
			tx.Keys().Revoke(ctx, "k1", b.now.Add(time.Hour))); err != nil {
			return err
		}
		all, err := tx.Keys().List(ctx)
		same(t, "revoked once", all, []engine.APIKey{k}, err)
		return nil
	})
}

func testFacts(t *testing.T, b *bench) {
	ctx := context.Background()
	b.tx(func(tx store.Tx) error {
		_, err := tx.Facts().Get(ctx, "name")
		is(t, "never put", err, engine.ErrNotFound)
		if err := errors.Join(tx.Facts().Put(ctx, "name", "a"), tx.Facts().Put(ctx, "name", "b")); err != nil {
			return err
		}
		got, err := tx.Facts().Get(ctx, "name")
		same(t, "the last", got, "b", err)
		if err := tx.Facts().Put(ctx, "name", ""); err != nil {
			return err
		}
		_, err = tx.Facts().Get(ctx, "name")
		is(t, "taken back", err, engine.ErrNotFound)
		return nil
	})
}
