package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/internal/statement"
)

// conn lends a transaction to the statements.
type conn struct{ tx pgx.Tx }

func (c conn) Exec(ctx context.Context, q string, args ...any) (int64, error) {
	tag, err := c.tx.Exec(ctx, q, args...)
	return tag.RowsAffected(), known(err)
}

func (c conn) Query(ctx context.Context, q string, args ...any) (statement.Rows, error) {
	r, err := c.tx.Query(ctx, q, args...)
	if err != nil {
		return nil, known(err)
	}
	return rows{r}, nil
}

type rows struct{ pgx.Rows }

func (r rows) Err() error { return known(r.Rows.Err()) }

func (r rows) Close() error {
	r.Rows.Close()
	return nil
}

// known turns what callers branch on into the house's errors.
func known(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case "23505": // unique_violation
		return fmt.Errorf("%w: %w", engine.ErrExists, err)
	case "25006": // read_only_sql_transaction
		return fmt.Errorf("%w: %w", store.ErrReadOnly, err)
	}
	return err
}
