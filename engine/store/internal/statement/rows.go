package statement

import (
	"database/sql/driver"
	"fmt"
	"iter"
	"strings"
)

// span is part of a list.
type span struct{ from, to int }

// arraysAtOnce bounds the records of one statement where a column is one
// parameter, for the sake of memory.
const arraysAtOnce = 1000

// parts divides n records into what one statement takes. Without arrays the sizes
// are powers of two: a statement's text tells how many records it has, and texts
// are kept prepared.
func (d Dialect) parts(n int) iter.Seq[span] {
	return func(yield func(span) bool) {
		for from := 0; from < n; {
			size := min(n-from, arraysAtOnce)
			if !d.Arrays {
				for size = 128; size > n-from; {
					size /= 2
				}
			}
			if !yield(span{from, from + size}) {
				return
			}
			from += size
		}
	}
}

// rows makes records a source of rows: VALUES, or arrays side by side. One record
// is always VALUES, which the database has less work with.
func (d Dialect) rows(records [][]any) (source string, args []any, err error) {
	if d.Arrays && len(records) > 1 {
		return arrays(records)
	}
	var b strings.Builder
	b.WriteString("VALUES ")
	for i, r := range records {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("(" + places(len(args)+1, len(r)) + ")")
		args = append(args, r...)
	}
	return b.String(), args, nil
}

// arrays turns records into columns.
func arrays(records [][]any) (source string, args []any, err error) {
	var b strings.Builder
	b.WriteString("SELECT * FROM unnest(")
	for k := range records[0] {
		kind, column, err := columnOf(records, k)
		if err != nil {
			return "", nil, err
		}
		if k > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d::%s[]", k+1, kind)
		args = append(args, column)
	}
	b.WriteByte(')')
	return b.String(), args, nil
}

// columnOf is one column of the records, with the database's name of its type.
func columnOf(records [][]any, k int) (kind string, column any, err error) {
	v, err := plain(records[0][k])
	if err != nil {
		return "", nil, err
	}
	switch v.(type) {
	case string:
		column, err = columnAs[string](records, k)
		return "text", column, err
	case int64:
		column, err = columnAs[int64](records, k)
		return "bigint", column, err
	case bool:
		column, err = columnAs[bool](records, k)
		return "boolean", column, err
	case []byte:
		column, err = columnAs[[]byte](records, k)
		return "bytea", column, err
	}
	return "", nil, fmt.Errorf("a column of %T has no array", v)
}

func columnAs[T any](records [][]any, k int) ([]T, error) {
	out := make([]T, len(records))
	for i := range records {
		v, err := plain(records[i][k])
		if err != nil {
			return nil, err
		}
		var ok bool
		if out[i], ok = v.(T); !ok {
			return nil, fmt.Errorf("a column of %T has a %T", out[i], v)
		}
	}
	return out, nil
}

// plain is a field's value.
func plain(field any) (driver.Value, error) {
	switch f := field.(type) {
	case *string:
		return *f, nil
	case *int:
		return int64(*f), nil
	case *int64:
		return *f, nil
	case *bool:
		return *f, nil
	case driver.Valuer:
		return f.Value()
	case string, int64, bool, []byte:
		return f, nil
	case int:
		return int64(f), nil
	}
	return nil, fmt.Errorf("a field is a %T", field)
}
