package intake

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/kici-dev/kici-go/engine"
)

// RateError: the source has sent too much. 429.
type RateError struct{ RetryAfter time.Duration }

func (e *RateError) Error() string { return "intake: too many deliveries of this source" }

// limiters hold a bucket per source, of a minute's deliveries.
type limiters struct {
	mu *sync.Mutex // guards by
	by map[engine.SourceID]*limiter
}

type limiter struct {
	rpm    int
	bucket *rate.Limiter
}

func newLimiters() limiters {
	return limiters{&sync.Mutex{}, map[engine.SourceID]*limiter{}}
}

// allow takes one delivery out of a source's bucket. Sources are as many as
// operators made, so the map needs no bound.
func (l limiters) allow(id engine.SourceID, rpm int, now time.Time) error {
	if rpm <= 0 {
		return nil
	}
	l.mu.Lock()
	b := l.by[id]
	if b == nil || b.rpm != rpm {
		b = &limiter{rpm, rate.NewLimiter(rate.Limit(float64(rpm)/60), rpm)}
		l.by[id] = b
	}
	l.mu.Unlock()
	if b.bucket.AllowN(now, 1) {
		return nil
	}
	return &RateError{time.Minute / time.Duration(rpm)}
}
