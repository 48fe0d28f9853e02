package postgres_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/postgres"
	"github.com/kici-dev/kici-go/engine/store/storetest"
	"github.com/kici-dev/kici-go/kici/kicitest/chaos"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// patience is what anything here may take on a loaded machine.
const patience = time.Minute

// cable is a store whose connection can be pulled, and one beside it.
func cable(t *testing.T) (pulled, other *postgres.Store, link *chaos.Link) {
	t.Helper()
	server, err := storetest.Postgres(t.Context(), false)
	if errors.Is(err, storetest.ErrNoPostgres) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	link = &chaos.Link{Targets: func() []chaos.Target { return []chaos.Target{{Network: "unix", Address: server.Socket()}} }}
	if err := link.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = link.Run(ctx) })
	open := func(url string) *postgres.Store {
		s, err := postgres.Open(ctx, postgres.Config{URL: url, Connections: 4, Vanished: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	pulled, other = open("postgres://ci@"+link.Addr()+"/postgres?sslmode=disable"), open(server.URL)
	t.Cleanup(func() {
		link.Cut() // what still waits behind it fails
		errs := []error{pulled.Close(), other.Close()}
		stop()
		running.Wait()
		if err := errors.Join(append(errs, server.Stop())...); err != nil {
			t.Error(err)
		}
	})
	if err := other.Migrate(ctx, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	return pulled, other, link
}

// A leader whose network went away, without a word to the server, is followed by
// another.
func TestLeaderVanishes(t *testing.T) {
	t.Parallel()
	pulled, other, link := cable(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	first, err := pulled.Lead(ctx, "dispatch")
	if err != nil {
		t.Fatal(err)
	}
	link.Hold(chaos.Up, chaos.Down)
	second, err := other.Lead(ctx, "dispatch")
	if err != nil {
		t.Fatal("nobody leads any more: ", err)
	}
	link.Cut()
	<-first.Lost()
	if err := errors.Join(first.Close(), second.Close()); err != nil {
		t.Error(err)
	}
}

// A run that was locked by an orchestrator that vanished can be decided about.
func TestTransactionVanishes(t *testing.T) {
	t.Parallel()
	pulled, other, link := cable(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	run := &engine.Run{ID: "r", Status: status.RunPending, CreatedAt: time.Unix(1, 0)}
	if err := other.Tx(ctx, func(tx store.Tx) error { return tx.Runs().Insert(ctx, run, &engine.Snapshot{}) }); err != nil {
		t.Fatal(err)
	}
	lock := func(s store.Store, then func()) error {
		return s.Tx(ctx, func(tx store.Tx) error {
			_, err := tx.Runs().Lock(ctx, "r")
			then()
			return err
		})
	}
	locked, goOn, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		_ = lock(pulled, sync.OnceFunc(func() { // whether its commit fails is not the point
			link.Hold(chaos.Up, chaos.Down)
			close(locked)
			<-goOn
		}))
	}()
	<-locked
	if err := lock(other, func() {}); err != nil {
		t.Error("the run stays locked: ", err)
	}
	link.Cut()
	close(goOn)
	<-over
}
