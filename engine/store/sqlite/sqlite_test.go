package sqlite

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(context.Background(), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFile(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Harness{Open: func(t testing.TB) store.Store { return open(t, t.TempDir()) }})
}

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Harness{Open: func(t testing.TB) store.Store { return open(t, "") }})
}

func TestDirectoryIsLocked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/with space?&#"
	s := open(t, dir)
	if _, err := Open(context.Background(), dir); !errors.Is(err, store.ErrLocked) {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

func TestNewerSchema(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	if _, err := s.writer.raw.ExecContext(context.Background(), "INSERT INTO schema_migrations VALUES (9999, 'x', 0)"); err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(context.Background(), time.Unix(1, 0)); !errors.Is(err, store.ErrNewerSchema) {
		t.Error(err)
	}
}

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(b testing.TB) store.Store { return open(b, b.TempDir()) })
}
