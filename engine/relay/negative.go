package relay

import (
	"sync"
	"time"
)

// negative remembers addresses that nobody knows. Of more than max the oldest are
// forgotten: whoever floods it pushes out what he wrote himself, and costs a
// question of the store each.
type negative struct {
	max int
	ttl time.Duration

	mu    sync.Mutex // guards what follows
	until map[address]time.Time
	ring  []address // in the order they came in; len is at most max
	next  int       // where the next one goes, once the ring is full
}

func newNegative(most int, ttl time.Duration) *negative {
	return &negative{max: most, ttl: ttl, until: map[address]time.Time{}}
}

func (n *negative) add(a address, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, there := n.until[a]; !there {
		if len(n.ring) < n.max {
			n.ring = append(n.ring, a)
		} else {
			delete(n.until, n.ring[n.next])
			n.ring[n.next] = a
			n.next = (n.next + 1) % n.max
		}
	}
	n.until[a] = now.Add(n.ttl)
}

func (n *negative) has(a address, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	until, there := n.until[a]
	return there && now.Before(until)
}

// clear forgets all of it: something was registered, here or elsewhere.
func (n *negative) clear() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.until)
	n.ring, n.next = n.ring[:0], 0
}

// size is how much there is.
func (n *negative) size() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.until)
}
