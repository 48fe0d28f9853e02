package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/internal/migration"
	"github.com/kici-dev/kici-go/engine/store/internal/statement"
	"github.com/kici-dev/kici-go/engine/store/internal/wake"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Config says which database.
type Config struct {
	URL string // postgres://…, or key=value
	// Schema is the deployment's own; "kici" when empty.
	Schema string
	// Connections bounds the pool; 16 when zero. One more listens, and one more is
	// used by each Session.
	Connections int
	// Vanished is how long the server keeps what a client holds that says nothing
	// in the middle of a transaction, or while it leads; 10 s when zero. A client
	// that dies is noticed at once. One whose machine froze or lost its network is
	// noticed by nothing else for hours, and runs it had locked would hang as long.
	Vanished time.Duration
}

const defaultVanished = 10 * time.Second

// Store is a store.Store on PostgreSQL.
type Store struct {
	pool     *pgxpool.Pool
	schema   string
	hub      wake.Hub
	vanished time.Duration
	notifier *notifier
	stop     context.CancelFunc
	running  sync.WaitGroup
	closed   atomic.Bool
}

// A schema's name is put into statements, where no parameter can stand.
var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// Open connects. Migrate comes next.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Schema == "" {
		c.Schema = "kici"
	}
	if !schemaName.MatchString(c.Schema) {
		return nil, fmt.Errorf("store: schema %q: want lower-case letters, digits and _, at most 63", c.Schema)
	}
	pc, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, fmt.Errorf("store: database URL: %w", err) // pgx hides the password
	}
	pc.MaxConns = 16
	if c.Connections > 0 {
		pc.MaxConns = int32(c.Connections)
	}
	if c.Vanished <= 0 {
		c.Vanished = defaultVanished
	}
	pc.ConnConfig.RuntimeParams["search_path"] = c.Schema
	pc.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = strconv.FormatInt(c.Vanished.Milliseconds(), 10)
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("store: connect: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("store: connect: %w", err)
	}
	s := &Store{pool: pool, schema: c.Schema, vanished: c.Vanished, notifier: newNotifier(c.Schema)}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.running.Go(func() { s.notifier.send(background, pool) })
	s.running.Go(func() { s.listen(background) })
	return s, nil
}

// attempts of a transaction that Postgres breaks off for the sake of another.
const attempts = 5

// Tx runs fn in a transaction, again when it was broken off.
func (s *Store) Tx(ctx context.Context, fn func(store.Tx) error) error {
	for try := 1; ; try++ {
		err := s.once(ctx, pgx.TxOptions{}, statement.Dialect{Lock: " FOR UPDATE", Skip: " FOR UPDATE SKIP LOCKED", Arrays: true}, fn)
		if err == nil || try == attempts || !brokenOff(err) {
			return err
		}
	}
}

// brokenOff: a deadlock, or a serialization failure.
func brokenOff(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40P01" || e.Code == "40001")
}

// View runs fn on one snapshot.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	return s.once(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, statement.Dialect{}, fn)
}

func (s *Store) once(ctx context.Context, o pgx.TxOptions, d statement.Dialect, fn func(store.Tx) error) error {
	var topics []string
	err := pgx.BeginTxFunc(ctx, s.pool, o, func(raw pgx.Tx) error {
		tx := statement.New(conn{raw}, d)
		if err := fn(tx); err != nil {
			return err
		}
		topics = tx.Topics()
		return tx.Err()
	})
	if err != nil {
		if s.closed.Load() {
			return errors.Join(store.ErrClosed, err)
		}
		return err
	}
	for _, t := range topics {
		s.hub.Signal(t)
		s.notifier.add(t)
	}
	return nil
}

// Listen wakes on topics.
func (s *Store) Listen(topics ...string) store.Listener { return s.hub.Listen(topics...) }

// Migrate makes the schema and runs what is missing, each file in a transaction
// of its own, all under one lock of the deployment.
func (s *Store) Migrate(ctx context.Context, now time.Time) error {
	all, err := migration.List(migrations)
	if err != nil {
		return err
	}
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	defer c.Release()
	key := lockKey(s.schema, "migrate")
	if _, err := c.Exec(ctx, "SELECT pg_advisory_lock($1)", key); err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	err = s.migrate(ctx, c.Conn(), all, now)
	_, unlock := c.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", key)
	if err = errors.Join(err, unlock); err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	return nil
}

// Schema tells how far the schema is.
func (s *Store) Schema(ctx context.Context) (store.Schema, error) {
	all, err := migration.List(migrations)
	if err != nil {
		return store.Schema{}, err
	}
	var there bool
	var version int
	err = s.pool.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", s.schema+".schema_migrations").Scan(&there)
	if err == nil && there {
		err = s.pool.QueryRow(ctx, "SELECT COALESCE(MAX(version), 0) FROM schema_migrations").Scan(&version)
	}
	if err != nil {
		return store.Schema{}, fmt.Errorf("store: schema: %w", err)
	}
	return migration.Progress(all, version), nil
}

func (s *Store) migrate(ctx context.Context, c *pgx.Conn, all []migration.Migration, now time.Time) error {
	if _, err := c.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+s.schema); err != nil {
		return err
	}
	if _, err := c.Exec(ctx, `CREATE TABLE IF NOT EXISTS schema_migrations
		(version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)`); err != nil {
		return err
	}
	var version int
	if err := c.QueryRow(ctx, "SELECT COALESCE(MAX(version), 0) FROM schema_migrations").Scan(&version); err != nil {
		return err
	}
	missing, err := migration.Missing(all, version)
	if err != nil {
		return err
	}
	for _, m := range missing {
		err := pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, m.SQL); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "INSERT INTO schema_migrations VALUES ($1, $2, $3)", m.Version, m.Name, now.UnixMicro())
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	return nil
}

// Close ends the connections, after the transactions that use them.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.stop()
	s.running.Wait()
	s.pool.Close()
	return nil
}

var _ store.Store = (*Store)(nil)
