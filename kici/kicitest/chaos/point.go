package chaos

import "sync"

// Point is a place in a conversation at which something can be made to happen.
type Point string

// Points, each before the bytes go on and after they have gone.
const (
	BeforeCommit   Point = "before-commit"   // a COMMIT is on its way to Postgres
	AfterCommit    Point = "after-commit"    // Postgres has committed; the answer is on its way
	BeforeDispatch Point = "before-dispatch" // a job is on its way to an agent
	BeforeReport   Point = "before-report"   // an agent's message of record is on its way
	BeforeAck      Point = "before-ack"      // its acknowledgement is
	BeforeAnswer   Point = "before-answer"   // a client is about to hear that its delivery was accepted
)

// points are what is armed on one link.
type points struct {
	mu    sync.Mutex // guards armed
	armed map[Point][]func()
}

// arm makes fn happen the next time that the point is reached, once. Whoever
// reached it waits for fn.
func (p *points) arm(at Point, fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.armed == nil {
		p.armed = map[Point][]func(){}
	}
	p.armed[at] = append(p.armed[at], fn)
}

// disarm forgets what has not happened.
func (p *points) disarm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = nil
}

// reach tells whether something happened.
func (p *points) reach(at Point) bool {
	p.mu.Lock()
	all := p.armed[at]
	if len(all) == 0 {
		p.mu.Unlock()
		return false
	}
	fn := all[0]
	p.armed[at] = all[1:]
	p.mu.Unlock()
	fn()
	return true
}
