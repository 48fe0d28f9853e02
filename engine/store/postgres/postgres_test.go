package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/storetest"
)

// house is the server all tests of this package share; each has a schema.
type house struct {
	server *storetest.Server
	err    error
	schema atomic.Int64
}

var shared = &house{}

func TestMain(m *testing.M) {
	shared.server, shared.err = storetest.Postgres(context.Background(), false)
	code := m.Run()
	if shared.server != nil {
		if err := shared.server.Stop(); err != nil {
			panic(err)
		}
	}
	if err := goleak.Find(); err != nil && code == 0 {
		panic(err)
	}
	os.Exit(code)
}

func url(t testing.TB) string {
	t.Helper()
	if errors.Is(shared.err, storetest.ErrNoPostgres) && os.Getenv("CI") != "true" {
		t.Skip("SKIPPED, nothing of Postgres was tested: ", shared.err)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server.URL
}

func open(t testing.TB, url, schema string) *Store {
	t.Helper()
	s, err := Open(context.Background(), Config{URL: url, Schema: schema, Connections: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(context.Background(), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	return s
}

func fresh(t testing.TB, url string) *Store {
	return open(t, url, fmt.Sprintf("test_%d", shared.schema.Add(1)))
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	u := url(t)
	storetest.Run(t, storetest.Harness{
		Open:  func(t testing.TB) store.Store { return fresh(t, u) },
		Again: func(t testing.TB, first store.Store) store.Store { return open(t, u, first.(*Store).schema) },
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{{URL: url(t), Schema: `x"; DROP`}, {URL: url(t), Schema: "UPPER"}, {URL: "postgres://%zz"}, {URL: "host=/nowhere user=x"}} {
		if s, err := Open(context.Background(), c); err == nil {
			t.Errorf("%+v was opened", c)
			_ = s.Close()
		}
	}
}

func TestNewerSchema(t *testing.T) {
	t.Parallel()
	s := fresh(t, url(t))
	if _, err := s.pool.Exec(context.Background(), "INSERT INTO schema_migrations VALUES (9999, 'x', 0)"); err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(context.Background(), time.Unix(1, 0)); !errors.Is(err, store.ErrNewerSchema) {
		t.Error(err)
	}
}

// Connections that the server ends: the leader learns it, another leads, and
// listening goes on.
func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server, err := storetest.Postgres(ctx, false)
	if err != nil {
		url(t) // skips where that is allowed
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	s := open(t, server.URL, "kici")
	lead, err := s.Lead(ctx, "cron")
	if err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(ctx, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx) //nolint:errcheck // a test's end
	if _, err := c.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'ci'"); err != nil {
		t.Fatal(err)
	}
	<-lead.Lost()
	next, err := s.Lead(ctx, "cron")
	if err != nil {
		t.Fatal(err)
	}
	_ = next.Close()
	if err := s.View(ctx, func(tx store.Tx) error { _, err := tx.Sources().List(ctx); return err }); err != nil {
		t.Error("the pool did not come back:", err)
	}
}

// BenchmarkStore has a server of its own, which syncs to disk.
func BenchmarkStore(b *testing.B) {
	server, err := storetest.Postgres(context.Background(), true)
	if err != nil {
		b.Skip(err)
	}
	defer server.Stop() //nolint:errcheck // a benchmark's end
	storetest.Benchmark(b, func(t testing.TB) store.Store { return fresh(t, server.URL) })
}
