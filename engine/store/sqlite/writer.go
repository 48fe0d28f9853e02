package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/internal/statement"
)

// batchLimit bounds how many transactions share a commit, and so how long the
// first of them waits for its fsync.
const batchLimit = 128

// writer is the one connection that writes, with group commit. Each transaction
// runs on its caller's goroutine while it holds turn, within a savepoint of a
// common transaction. Whoever ends its turn and finds others waiting leaves the
// commit to them; the last one commits for all. A waiter therefore never gives
// up its place, even when its context has ended: it may be the one that the
// others count on.
type writer struct {
	db      *sql.DB
	waiting atomic.Int64

	turn   sync.Mutex // guards what follows
	conn   *conn      // nil once closed
	raw    *sql.Conn
	batch  *batch
	closed bool
}

// batch is the transactions that share a commit. done is closed after it.
type batch struct {
	size int
	done chan struct{}
	err  error
}

func openWriter(ctx context.Context, name string) (*writer, error) {
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	raw, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &writer{db: db, raw: raw, conn: &conn{with: raw, cache: map[string]*sql.Stmt{}}}, nil
}

// do runs fn in its turn and returns when it is committed.
func (w *writer) do(ctx context.Context, fn func(statement.Conn) error) error {
	b, err := w.turnOf(ctx, fn)
	if err != nil {
		return err
	}
	<-b.done
	return b.err
}

func (w *writer) turnOf(ctx context.Context, fn func(statement.Conn) error) (*batch, error) {
	w.waiting.Add(1)
	w.turn.Lock()
	defer w.turn.Unlock()
	w.waiting.Add(-1)
	defer w.leave() // also when fn panics, which goes on to the caller
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if w.closed {
		return nil, store.ErrClosed
	}
	if w.batch == nil {
		if err := w.run("BEGIN IMMEDIATE"); err != nil {
			return nil, fmt.Errorf("store: begin: %w", err)
		}
		w.batch = &batch{done: make(chan struct{})}
	}
	return w.batch, w.savepoint(fn)
}

func (w *writer) savepoint(fn func(statement.Conn) error) (err error) {
	if err := w.run("SAVEPOINT tx"); err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	finished := false
	defer func() {
		if finished && err == nil {
			err = w.run("RELEASE tx")
			return
		}
		// SQLite takes back everything, not only the savepoint, when the disk is
		// full. Then the savepoint is gone and with it what the others of the batch
		// did, and they must be told.
		if lost := errors.Join(w.run("ROLLBACK TO tx"), w.run("RELEASE tx")); lost != nil {
			w.batch.err = fmt.Errorf("store: the common transaction was lost: %w", errors.Join(err, lost))
			err = errors.Join(err, lost)
		}
	}()
	err = fn(w.conn)
	finished = true
	w.batch.size++
	return err
}

// leave ends a turn: it commits unless somebody else will.
func (w *writer) leave() {
	b := w.batch
	if b != nil && (b.err != nil || w.waiting.Load() == 0 || b.size >= batchLimit) {
		w.finish()
	}
}

// finish commits the batch and tells those who wait for it.
func (w *writer) finish() {
	b := w.batch
	w.batch = nil
	defer close(b.done)
	if b.err == nil {
		err := w.run("COMMIT")
		if err == nil {
			return
		}
		b.err = fmt.Errorf("store: commit: %w", err)
	}
	_ = w.run("ROLLBACK") // there may be none left to roll back
}

// alone runs fn outside of any transaction.
func (w *writer) alone(ctx context.Context, fn func(statement.Conn, func(string) error) error) error {
	w.waiting.Add(1)
	w.turn.Lock()
	defer w.turn.Unlock()
	w.waiting.Add(-1)
	if w.batch != nil { // left to us by somebody who saw us waiting
		w.finish()
	}
	if w.closed {
		return store.ErrClosed
	}
	return fn(w.conn, func(q string) error {
		_, err := w.raw.ExecContext(ctx, q)
		return err
	})
}

// run executes what frames transactions. It does not stop with a caller's
// context: half a frame would belong to everybody.
func (w *writer) run(q string) error {
	_, err := w.conn.Exec(context.Background(), q)
	return err
}

func (w *writer) orClosed(err error) error {
	w.turn.Lock()
	defer w.turn.Unlock()
	if w.closed {
		return store.ErrClosed
	}
	return err
}

func (w *writer) close() error {
	var errs []error
	err := w.alone(context.Background(), func(statement.Conn, func(string) error) error {
		w.closed = true
		for _, s := range w.conn.cache {
			errs = append(errs, s.Close())
		}
		errs = append(errs, w.raw.Close(), w.db.Close())
		return errors.Join(errs...)
	})
	if errors.Is(err, store.ErrClosed) {
		return nil
	}
	return err
}
