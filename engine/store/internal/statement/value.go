package statement

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// instant is a time as it is stored: microseconds, zero for none. A pointer to
// one serves for reading and for writing, like all fields of a record.
type instant time.Time

func at(t *time.Time) *instant { return (*instant)(t) }

// micros is for a time that is an argument of its own.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func (i instant) Value() (driver.Value, error) { return micros(time.Time(i)), nil }

func (i *instant) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as %T", v)
	}
	*i = instant{}
	if n != 0 {
		*i = instant(time.UnixMicro(n).UTC())
	}
	return nil
}

// blob is bytes; none are stored as empty.
type blob []byte

func raw(b *[]byte) *blob { return (*blob)(b) }

func (b blob) Value() (driver.Value, error) {
	if b == nil {
		return []byte{}, nil
	}
	return []byte(b), nil
}

func (b *blob) Scan(v any) error {
	p, ok := v.([]byte)
	if !ok && v != nil {
		return fmt.Errorf("bytes are stored as %T", v)
	}
	*b = nil
	if len(p) > 0 {
		*b = append(blob{}, p...) // the database owns p
	}
	return nil
}

// packed is a small list in one column, as JSON.
type packed[T any] []T

func (p packed[T]) Value() (driver.Value, error) {
	if p == nil {
		return "[]", nil
	}
	b, err := json.Marshal([]T(p))
	return string(b), err
}

func (p *packed[T]) Scan(v any) error {
	switch v := v.(type) {
	case string:
		return json.Unmarshal([]byte(v), (*[]T)(p))
	case []byte:
		return json.Unmarshal(v, (*[]T)(p))
	}
	return fmt.Errorf("a list is stored as %T", v)
}

// not stores the opposite: a column that asks the question the other way round.
type not bool

func inverse(b *bool) *not { return (*not)(b) }

func (n not) Value() (driver.Value, error) { return !bool(n), nil }

func (n *not) Scan(v any) error {
	switch v := v.(type) {
	case bool:
		*n = not(!v)
	case int64:
		*n = v == 0
	default:
		return fmt.Errorf("yes or no is stored as %T", v)
	}
	return nil
}
