package child

import (
	"errors"
	"strings"
	"sync"
)

// Bounds on what is kept for JavaScript.
const (
	Limit   = 64 << 20 // bytes kept of each stream
	overRun = 1 << 20  // bytes past Limit that wait for a slow follower
	largest = 1 << 20  // of a segment
)

// Streams of a capture; all is both, in the order the bytes came.
const (
	all = iota
	stdout
	stderr
)

var errLost = errors.New("child: output past the limit was not kept")

// capture keeps a command's output, up to a limit for each stream, and lets
// followers read it while it grows.
type capture struct {
	limit int

	mu        sync.Mutex // guards what follows
	changed   *sync.Cond // more output, less backlog, or the end
	segs      []segment
	size      [3]int
	lost      [3]bool
	over      bool
	followers map[*follower]struct{}
}

type segment struct {
	stream int
	data   []byte
}

func newCapture(limit int) *capture {
	c := &capture{limit: limit, followers: map[*follower]struct{}{}}
	c.changed = sync.NewCond(&c.mu)
	return c
}

// write keeps what fits. Past the limit only followers get the bytes, and
// then the writer waits for the slowest of them.
func (c *capture) write(stream int, p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	n := min(len(p), c.limit-c.size[stream])
	c.keep(stream, p[:n])
	if rest := p[n:]; len(rest) > 0 {
		c.lost[stream], c.lost[all] = true, true
		for f := range c.followers {
			if f.stream == stream {
				f.over = append(f.over, rest...)
			}
		}
		for c.backlog(stream) {
			c.changed.Broadcast()
			c.changed.Wait()
		}
	}
	c.changed.Broadcast()
}

func (c *capture) backlog(stream int) bool {
	for f := range c.followers {
		if f.stream == stream && len(f.over) > overRun {
			return true
		}
	}
	return false
}

func (c *capture) keep(stream int, p []byte) {
	if len(p) == 0 {
		return
	}
	c.size[stream] += len(p)
	c.size[all] += len(p)
	if last := len(c.segs) - 1; last >= 0 && c.segs[last].stream == stream {
		s := &c.segs[last]
		if len(s.data)+len(p) <= cap(s.data) || len(s.data) < largest/2 {
			s.data = append(s.data, p...)
			return
		}
		data := make([]byte, 0, max(len(p), largest))
		c.segs = append(c.segs, segment{stream, append(data, p...)})
		return
	}
	c.segs = append(c.segs, segment{stream, append([]byte(nil), p...)})
}

// finish says that no more output counts as the command's.
func (c *capture) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	c.changed.Broadcast()
}

func (c *capture) read(stream int) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost[stream] {
		return "", errLost
	}
	var b strings.Builder
	b.Grow(c.size[stream])
	for _, s := range c.segs {
		if stream == all || s.stream == stream {
			b.Write(s.data)
		}
	}
	return b.String(), nil
}

func (c *capture) isLost(stream int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost[stream]
}

// errLate: a reader that starts now would miss what was dropped already, and
// not know. The shell makes ProcessOutputTooLarge of it, by these words.
var errLate = errors.New("child: output past the limit was dropped before somebody read it")

// follower reads one stream from its beginning while the command runs.
type follower struct {
	c        *capture
	stream   int
	seg, off int
	over     []byte
	closed   bool
}

func (c *capture) follow(stream int) (*follower, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost[stream] {
		return nil, errLate
	}
	f := &follower{c: c, stream: stream}
	c.followers[f] = struct{}{}
	return f, nil
}

// next waits for more bytes and returns them; nil at the end.
func (f *follower) next() []byte {
	c := f.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for !f.closed {
		if b := f.kept(); b != nil {
			return b
		}
		if len(f.over) > 0 {
			b := f.over
			f.over = nil
			c.changed.Broadcast()
			return b
		}
		if c.over {
			return nil
		}
		c.changed.Wait()
	}
	return nil
}

func (f *follower) kept() []byte {
	for ; f.seg < len(f.c.segs); f.seg, f.off = f.seg+1, 0 {
		s := f.c.segs[f.seg]
		if s.stream == f.stream && f.off < len(s.data) {
			b := s.data[f.off:len(s.data):len(s.data)] // bytes once kept never change
			f.off = len(s.data)
			return b
		}
		if f.seg == len(f.c.segs)-1 {
			return nil // it may still grow
		}
	}
	return nil
}

func (f *follower) close() {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	f.closed = true
	f.over = nil
	delete(f.c.followers, f)
	f.c.changed.Broadcast()
}
