package transport

import (
	"math"
	"math/rand/v2"
	"time"
)

// Backoff is how long a dialer waits between attempts. The zero value is the
// documented one: a second, growing by half each time, up to a minute.
type Backoff struct {
	First, Max time.Duration
	// Rand gives numbers in [0,1); nil means the process's source.
	Rand func() float64
}

// Delay before attempt n, counted from 0 since the last success. Up to half of
// it is jitter, so that the agents of an orchestrator that comes back do not all
// come back in the same moment.
func (b Backoff) Delay(n int) time.Duration {
	first, most, random := b.First, b.Max, b.Rand
	if first <= 0 {
		first = time.Second
	}
	if most <= 0 {
		most = time.Minute
	}
	if random == nil {
		random = rand.Float64
	}
	d := float64(first) * math.Pow(1.5, float64(max(n, 0))) * (1 + random()*0.5)
	return time.Duration(math.Min(d, float64(most)))
}
