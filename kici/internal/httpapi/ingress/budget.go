package ingress

import (
	"io"
	"sync"
)

// budget bounds what all bodies under way may hold together. Nobody waits for it: a
// sender that is told to try again holds nothing meanwhile.
type budget struct {
	mu   sync.Mutex // guards left
	left int64
}

func (b *budget) take(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > b.left {
		return false
	}
	b.left -= n
	return true
}

func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += n
}

// held is a body that takes from the budget what has arrived of it, and not what
// somebody says will: announcing much and sending little keeps nobody out.
type held struct {
	budget *budget
	from   io.Reader
	bytes  int64
}

func (h *held) Read(p []byte) (int, error) {
	n, err := h.from.Read(p)
	if !h.budget.take(int64(n)) {
		return 0, errBusy
	}
	h.bytes += int64(n)
	return n, err
}

func (h *held) release() { h.budget.give(h.bytes) }
