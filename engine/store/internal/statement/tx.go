package statement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

// Conn is what a driver lends for one transaction. A unique key that is taken is
// reported as engine.ErrExists.
type Conn interface {
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	Query(ctx context.Context, query string, args ...any) (Rows, error)
}

// Rows are results.
type Rows interface {
	Next() bool
	Scan(into ...any) error
	Close() error
	Err() error
}

// Dialect is what the databases do not share.
type Dialect struct {
	Lock string // after a SELECT: makes others wait for its rows
	Skip string // the same, and passes over rows that others have locked
	// Arrays: a column of many records can be one parameter, by unnest. Then a
	// statement has one text for any number of records.
	Arrays bool
}

// Tx is a transaction over a Conn.
type Tx struct {
	conn    Conn
	dialect Dialect
	topics  []string
	locked  map[string]bool // runs, until the transaction ends
	err     error
}

// New makes a transaction over a connection.
func New(c Conn, d Dialect) *Tx { return &Tx{conn: c, dialect: d, locked: map[string]bool{}} }

// Err is the failure of a statement, after which nothing may be committed.
func (t *Tx) Err() error { return t.err }

// Topics are those to be woken after the commit, each once.
func (t *Tx) Topics() []string { return t.topics }

// Notify wakes the listeners of a topic after the commit.
func (t *Tx) Notify(topic string) {
	if !slices.Contains(t.topics, topic) {
		t.topics = append(t.topics, topic)
	}
}

// The aggregates.
func (t *Tx) Sources() store.Sources       { return sources{t} }
func (t *Tx) Deliveries() store.Deliveries { return deliveries{t} }
func (t *Tx) Runs() store.Runs             { return runs{t} }
func (t *Tx) Jobs() store.Jobs             { return jobs{t} }
func (t *Tx) Queue() store.Queue           { return queue{t} }
func (t *Tx) Steps() store.Steps           { return steps{t} }
func (t *Tx) Agents() store.Agents         { return agents{t} }
func (t *Tx) Logs() store.Logs             { return logs{t} }
func (t *Tx) Events() store.Events         { return events{t} }
func (t *Tx) Schedules() store.Schedules   { return schedules{t} }
func (t *Tx) Retention() store.Retention   { return retention{t} }
func (t *Tx) Relay() store.Relay           { return relays{t} }
func (t *Tx) Keys() store.Keys             { return keys{t} }
func (t *Tx) Facts() store.Facts           { return facts{t} }

var _ store.Tx = (*Tx)(nil)

// failed prefixes an error of the database and remembers it.
func (t *Tx) failed(what string, err error) error {
	err = fmt.Errorf("store: %s: %w", what, err)
	if t.err == nil {
		t.err = err
	}
	return err
}

func (t *Tx) exec(ctx context.Context, what, query string, args ...any) (int64, error) {
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.conn.Exec(ctx, query, args...)
	if err != nil {
		return 0, t.failed(what, err)
	}
	return n, nil
}

// change is exec for a statement that must hit something, or else is missing.
func (t *Tx) change(ctx context.Context, what string, missing error, query string, args ...any) error {
	n, err := t.exec(ctx, what, query, args...)
	if err == nil && n == 0 {
		return fmt.Errorf("store: %s: %w", what, missing)
	}
	return err
}

// list collects the rows of a query; fields gives the places of a record's columns.
func list[T any](ctx context.Context, t *Tx, what string, fields func(*T) []any, query string, args ...any) ([]T, error) {
	if t.err != nil {
		return nil, t.err
	}
	rows, err := t.conn.Query(ctx, query, args...)
	if err != nil {
		return nil, t.failed(what, err)
	}
	var out []T
	for rows.Next() {
		var v T
		if err := rows.Scan(fields(&v)...); err != nil {
			return nil, t.failed(what, errors.Join(err, rows.Close()))
		}
		out = append(out, v)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, t.failed(what, err)
	}
	return out, nil
}

// one is list for a single record; none is ErrNotFound, which ends nothing.
func one[T any](ctx context.Context, t *Tx, what string, fields func(*T) []any, query string, args ...any) (*T, error) {
	found, err := list(ctx, t, what, fields, query, args...)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("store: %s: %w", what, engine.ErrNotFound)
	}
	return &found[0], nil
}

// insert stores records, many to a statement.
func insert[T any](ctx context.Context, t *Tx, what, table, columns, rest string, fields func(*T) []any, records ...T) error {
	for part := range t.dialect.parts(len(records)) {
		rows := make([][]any, 0, part.to-part.from)
		for i := part.from; i < part.to; i++ {
			rows = append(rows, fields(&records[i]))
		}
		source, args, err := t.dialect.rows(rows)
		if err != nil {
			return t.failed(what, err)
		}
		if _, err := t.exec(ctx, what, "INSERT INTO "+table+" ("+columns+") "+source+" "+rest, args...); err != nil {
			return err
		}
	}
	return nil
}

// places writes n placeholders: "$3,$4,$5".
func places(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("$" + strconv.Itoa(from+i))
	}
	return b.String()
}

// rowsAtOnce keeps a statement below the parameters a database takes.
const rowsAtOnce = 200

// anys widens a slice for arguments.
func anys[T any](in []T) []any {
	out := make([]any, len(in))
	for i := range in {
		out[i] = in[i]
	}
	return out
}
