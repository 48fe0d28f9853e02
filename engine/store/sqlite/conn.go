package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	driver "modernc.org/sqlite"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/internal/statement"
)

// conn lends a connection to the statements. Parsing a statement costs as much
// as running it, so those of the writer are kept; the texts are few, but for
// lists of many lengths, which is what cacheLimit is for.
type conn struct {
	with interface {
		PrepareContext(context.Context, string) (*sql.Stmt, error)
		ExecContext(context.Context, string, ...any) (sql.Result, error)
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	}
	cache map[string]*sql.Stmt // nil: keep none
}

const cacheLimit = 256

// prepared finds a statement; nil when none may be kept.
func (c *conn) prepared(ctx context.Context, q string) (*sql.Stmt, error) {
	if s := c.cache[q]; s != nil || c.cache == nil || len(c.cache) >= cacheLimit {
		return s, nil
	}
	s, err := c.with.PrepareContext(ctx, numbered(q))
	if err == nil {
		c.cache[q] = s
	}
	return s, err
}

// numbered turns $1 into ?1: to SQLite the first is a name.
func numbered(q string) string { return strings.ReplaceAll(q, "$", "?") }

// shielded is the context a statement runs under. An interrupted write takes the
// whole transaction of SQLite back, and on the writer that is also other
// callers'; so there a context counts between statements only.
func (c *conn) shielded(ctx context.Context) (context.Context, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if c.cache == nil {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), nil
}

func (c *conn) Exec(ctx context.Context, q string, args ...any) (int64, error) {
	ctx, err := c.shielded(ctx)
	if err != nil {
		return 0, err
	}
	s, err := c.prepared(ctx, q)
	if err != nil {
		return 0, known(err)
	}
	var r sql.Result
	if s != nil {
		r, err = s.ExecContext(ctx, args...)
	} else {
		r, err = c.with.ExecContext(ctx, numbered(q), args...)
	}
	if err != nil {
		return 0, known(err)
	}
	return r.RowsAffected()
}

func (c *conn) Query(ctx context.Context, q string, args ...any) (statement.Rows, error) {
	ctx, err := c.shielded(ctx)
	if err != nil {
		return nil, err
	}
	s, err := c.prepared(ctx, q)
	if err != nil {
		return nil, known(err)
	}
	var r *sql.Rows
	if s != nil {
		r, err = s.QueryContext(ctx, args...)
	} else {
		r, err = c.with.QueryContext(ctx, numbered(q), args...)
	}
	if err != nil { // not r, which as an interface would not be nil
		return nil, known(err)
	}
	return r, nil
}

// Extended result codes of SQLite.
const (
	constraintPrimaryKey = 1555
	constraintUnique     = 2067
)

// known turns what callers branch on into the house's errors.
func known(err error) error {
	var e *driver.Error
	if errors.As(err, &e) && (e.Code() == constraintUnique || e.Code() == constraintPrimaryKey) {
		return fmt.Errorf("%w: %w", engine.ErrExists, err)
	}
	return err
}

// readOnly is a conn for views.
type readOnly struct{ statement.Conn }

func (readOnly) Exec(context.Context, string, ...any) (int64, error) { return 0, store.ErrReadOnly }

// Query lets through what reads; a claim would change rows and return them.
func (c readOnly) Query(ctx context.Context, q string, args ...any) (statement.Rows, error) {
	if strings.Contains(q, "UPDATE dispatch_queue") {
		return nil, store.ErrReadOnly
	}
	return c.Conn.Query(ctx, q, args...)
}
