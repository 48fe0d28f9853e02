package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/internal/migration"
	"github.com/kici-dev/kici-go/engine/store/internal/statement"
	"github.com/kici-dev/kici-go/engine/store/internal/wake"
)

//go:embed migrations/*.sql
var migrations embed.FS

// file is the database within a data directory.
const file = "kici.db"

// readers bounds the connections of views; more than a few only fight for the
// same cores.
const readers = 4

// Store is a store.Store on SQLite.
type Store struct {
	writer  *writer
	readers *sql.DB // nil in memory: views use the writer's connection
	lock    io.Closer
	hub     wake.Hub
	leads   leads
}

// Open opens the database in a data directory, which is made when it is missing;
// an empty one means memory only. Migrate comes next.
func Open(ctx context.Context, dir string) (_ *Store, err error) {
	s := &Store{leads: leads{held: map[string]chan struct{}{}}}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("store: open %s: %w", dir, err), s.Close())
		}
	}()
	if dir == "" {
		s.writer, err = openWriter(ctx, ":memory:?"+pragmas().Encode())
		return s, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return s, err
	}
	if s.lock, err = lockFile(filepath.Join(dir, "kici.lock")); err != nil {
		return s, err
	}
	name := "file:" + (&url.URL{Path: filepath.ToSlash(filepath.Join(dir, file))}).EscapedPath() + "?"
	q := pragmas()
	if s.writer, err = openWriter(ctx, name+q.Encode()); err != nil {
		return s, err
	}
	q.Add("_pragma", "query_only(1)")
	if s.readers, err = sql.Open("sqlite", name+q.Encode()); err == nil {
		s.readers.SetMaxOpenConns(readers)
	}
	return s, err
}

func pragmas() url.Values {
	return url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "temp_store(memory)"}}
}

// Tx runs fn when its turn comes, and returns after the commit that holds it.
func (s *Store) Tx(ctx context.Context, fn func(store.Tx) error) error {
	var topics []string
	err := s.writer.do(ctx, func(c statement.Conn) error {
		tx := statement.New(c, statement.Dialect{})
		err := fn(tx)
		topics = tx.Topics()
		return errors.Join(err, unsaid(tx.Err(), err))
	})
	if err != nil {
		return err
	}
	for _, t := range topics {
		s.hub.Signal(t)
	}
	return nil
}

// unsaid is the failure of a statement that fn kept to itself.
func unsaid(failure, told error) error {
	if told != nil {
		return nil
	}
	return failure
}

// View runs fn on one snapshot.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	if s.readers == nil {
		return s.writer.do(ctx, func(c statement.Conn) error {
			return view(readOnly{c}, fn)
		})
	}
	tx, err := s.readers.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: view: %w", s.writer.orClosed(err))
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	return view(readOnly{&conn{with: tx}}, fn)
}

func view(c statement.Conn, fn func(store.Tx) error) error {
	tx := statement.New(c, statement.Dialect{})
	err := fn(tx)
	return errors.Join(err, unsaid(tx.Err(), err))
}

// Listen wakes on topics.
func (s *Store) Listen(topics ...string) store.Listener { return s.hub.Listen(topics...) }

// Migrate runs what is missing, each file in a transaction of its own.
func (s *Store) Migrate(ctx context.Context, now time.Time) error {
	all, err := migration.List(migrations)
	if err != nil {
		return err
	}
	return s.writer.alone(ctx, func(c statement.Conn, run func(string) error) error {
		if err := run("CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT"); err != nil {
			return err
		}
		version, err := version(ctx, c)
		if err != nil {
			return err
		}
		missing, err := migration.Missing(all, version)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		for _, m := range missing {
			if err := run(fmt.Sprintf("BEGIN IMMEDIATE;\n%s;\nINSERT INTO schema_migrations VALUES (%d, '%s', %d);\nCOMMIT", m.SQL, m.Version, m.Name, now.UnixMicro())); err != nil {
				return errors.Join(fmt.Errorf("store: migrate to %s: %w", m.Name, err), run("ROLLBACK"))
			}
		}
		return nil
	})
}

// Schema tells how far the schema is.
func (s *Store) Schema(ctx context.Context) (out store.Schema, err error) {
	all, err := migration.List(migrations)
	if err != nil {
		return out, err
	}
	err = s.writer.alone(ctx, func(c statement.Conn, _ func(string) error) error {
		rows, err := c.Query(ctx, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_migrations'")
		if err != nil {
			return err
		}
		var v int
		for rows.Next() {
			err = rows.Scan(&v)
		}
		if err = errors.Join(err, rows.Err(), rows.Close()); err == nil && v > 0 {
			v, err = version(ctx, c)
		}
		out = migration.Progress(all, v)
		return err
	})
	if err != nil {
		err = fmt.Errorf("store: schema: %w", err)
	}
	return out, err
}

func version(ctx context.Context, c statement.Conn) (v int, err error) {
	rows, err := c.Query(ctx, "SELECT COALESCE(MAX(version), 0) FROM schema_migrations")
	if err != nil {
		return 0, err
	}
	for rows.Next() {
		err = rows.Scan(&v)
	}
	return v, errors.Join(err, rows.Err(), rows.Close())
}

// Close waits for the transaction that has its turn; later ones get ErrClosed.
func (s *Store) Close() error {
	var errs []error
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if s.lock != nil { // last: until now nobody else may open the file
		if err := s.lock.Close(); !errors.Is(err, os.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

var _ store.Store = (*Store)(nil)
