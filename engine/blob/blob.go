package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Store keeps objects. It is safe for concurrent use; a key that is missing is
// engine.ErrNotFound.
type Store interface {
	// Put stores what body gives until its end, in the place of what was there. An
	// error of body stores nothing and is returned.
	Put(ctx context.Context, key string, body io.Reader) (Info, error)
	// Get opens a range; the caller closes the object.
	Get(ctx context.Context, key string, r Range) (*Object, error)
	Stat(ctx context.Context, key string) (Info, error)
	// List gives the objects whose key starts with prefix, in no order. What is put
	// or deleted meanwhile may or may not be among them; a damaged one is listed
	// without its hash, so that it can be deleted. An error ends the list.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
	// Copy stores the object once more, without moving its bytes through here. The
	// copy counts as used now, and so may the original. Where to is taken and
	// replace is false, the error is engine.ErrExists and nothing changes.
	Copy(ctx context.Context, from, to string, replace bool) (Info, error)
	// Touch notes a use.
	Touch(ctx context.Context, key string) error
	// Delete removes objects; those that are missing are no error.
	Delete(ctx context.Context, keys ...string) error
}

// Info describes an object.
type Info struct {
	Key     string
	Size    int64
	SHA256  string    // of the body, in lower-case hex
	Created time.Time // when the body was put
	Used    time.Time // when it was last put, copied here or touched
}

// Object is an open object: Body gives the range that was asked for.
type Object struct {
	Info
	Body io.ReadCloser
}

// Range is a part of an object; the zero value is all of it.
type Range struct {
	From   int64 // a negative one counts from the end
	Length int64 // 0 means up to the end
}

// In places the range in an object of that size. What lies behind the end is
// left out; a start behind it is ErrRange.
func (r Range) In(size int64) (from, length int64, err error) {
	from, length = r.From, r.Length
	if from < 0 {
		from = max(0, size+from)
	}
	if from > size || length < 0 {
		return 0, 0, fmt.Errorf("%w: %d+%d of %d bytes", ErrRange, r.From, r.Length, size)
	}
	if length == 0 || length > size-from {
		length = size - from
	}
	return from, length, nil
}

// Errors that callers branch on.
var (
	// ErrKey: no object can have that key.
	ErrKey = errors.New("blob: bad key")
	// ErrRange: the range starts behind the end.
	ErrRange = errors.New("blob: range is not within the object")
	// ErrDamaged: what is stored is not what was put.
	ErrDamaged = errors.New("blob: the stored object is damaged")
)

// MaxKey is the longest key in bytes; S3 takes no more.
const MaxKey = 1024

// CheckKey tells what is wrong with a key: it has segments between slashes, none
// of them empty, "." or "..", and no control characters.
func CheckKey(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("%w: it is empty", ErrKey)
	case len(key) > MaxKey:
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrKey, len(key), MaxKey)
	case !utf8.ValidString(key):
		return fmt.Errorf("%w: %q is not UTF-8", ErrKey, key)
	case strings.ContainsFunc(key, unicode.IsControl):
		return fmt.Errorf("%w: %q has control characters", ErrKey, key)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return fmt.Errorf("%w: %q has a segment %q", ErrKey, key, segment)
		}
	}
	return nil
}
