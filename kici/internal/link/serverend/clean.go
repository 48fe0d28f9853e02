package serverend

import (
	"strings"
	"time"

	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/transport/message"
)

// Not every text that a message may hold can be stored: a NUL is none to
// Postgres, and what cannot be written would be sent again for ever. Logs and
// JSON are kept as bytes, and pass as they are.

// stored makes a text one that any store takes.
func stored(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// storable tells whether a text may be looked for in a store.
func storable(texts ...string) bool {
	for _, s := range texts {
		if s != stored(s) {
			return false
		}
	}
	return true
}

// maxStep bounds the index of a step: no job has as many.
const maxStep = 1 << 20

// sensible tells whether a step may have this index; message.PrepareStep is the
// bucket of what belongs to none.
func sensible(step int) bool { return step >= message.PrepareStep && step < maxStep }

// lastYear ends the time that stores and JSON can express.
const lastYear = 9999

// moment is a time that an agent gives, or now if it is none: clocks may be
// wrong, but not by millennia.
func moment(millis int64, now time.Time) time.Time {
	at := time.UnixMilli(millis).UTC()
	if millis <= 0 || at.Year() > lastYear {
		return now
	}
	return at
}

func storedResult(r *jobspec.Result) {
	r.Reason, r.Environment, r.FailedStep = stored(r.Reason), stored(r.Environment), stored(r.FailedStep)
}
