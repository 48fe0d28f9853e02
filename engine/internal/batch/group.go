package batch

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Group does in one go what several ask for at the same time. It is safe for
// concurrent use; its fields are set before the first Ask.
type Group[Q, A any] struct {
	// Do answers questions, each at its place; an error is everybody's. Its ctx
	// has no end: it is not the caller's on whose goroutine it runs.
	Do func(ctx context.Context, questions []Q) ([]A, error)
	// Most bounds a batch; 256 when zero.
	Most int
	// Weight of a question and the bound of their sum in a batch, to which the
	// first one always belongs. Without a Weight only Most counts.
	Weight    func(Q) int
	MostHeavy int
	// Lanes is how many batches go at the same time; 1 when zero.
	Lanes int

	mu      sync.Mutex // guards what follows
	waiting []*caller[Q, A]
	busy    int // lanes
}

// caller waits for one of two: its answer, or the lead of the next batch.
type caller[Q, A any] struct {
	question Q
	lead     chan struct{}
	done     chan struct{}
	answer   A
	err      error
}

// ErrPanic says that whoever led the batch panicked.
var ErrPanic = errors.New("batch: the batch was broken off")

// Ask has a question answered in the next batch. When ctx ends first, it may have
// been done all the same.
func (g *Group[Q, A]) Ask(ctx context.Context, question Q) (A, error) {
	c := &caller[Q, A]{question: question, lead: make(chan struct{}), done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, c)
	if g.busy < max(g.Lanes, 1) {
		g.busy++
		g.promote()
	}
	g.mu.Unlock()
	select {
	case <-c.done:
	case <-c.lead:
		g.run(ctx, c)
	case <-ctx.Done():
		var none A
		g.leave(c)
		return none, context.Cause(ctx)
	}
	return c.answer, c.err
}

// promote lets the first who waits lead, or gives the lane back; mu is held. The
// leader stays in the line until it runs, so that it takes itself along.
func (g *Group[Q, A]) promote() {
	for _, c := range g.waiting {
		select {
		case <-c.lead: // another lane's
		default:
			close(c.lead)
			return
		}
	}
	g.busy--
}

// leave is for a caller whose ctx has ended. One that is in a batch already is
// answered, and does not hear it.
func (g *Group[Q, A]) leave(c *caller[Q, A]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.waiting, c); i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
		select {
		case <-c.lead:
			g.promote()
		default:
		}
	}
}

// run leads a batch: the leader's own question and those that wait.
func (g *Group[Q, A]) run(ctx context.Context, leader *caller[Q, A]) {
	batch := g.take(leader)
	questions := make([]Q, len(batch))
	for i, c := range batch {
		questions[i] = c.question
	}
	answers, err := []A(nil), ErrPanic
	defer func() { // also when Do panics, which goes on to the leader's caller
		for i, c := range batch {
			if c.err = err; err == nil {
				c.answer = answers[i]
			}
			close(c.done)
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		g.promote()
	}()
	if answers, err = g.Do(context.WithoutCancel(ctx), questions); err == nil && len(answers) != len(batch) {
		err = errors.New("batch: not as many answers as questions")
	}
}

// take removes a batch from the line. Leaders of other lanes stay.
func (g *Group[Q, A]) take(leader *caller[Q, A]) []*caller[Q, A] {
	g.mu.Lock()
	defer g.mu.Unlock()
	most := g.Most
	if most <= 0 {
		most = 256
	}
	batch, heavy := []*caller[Q, A]{leader}, 0
	if g.Weight != nil {
		heavy = g.Weight(leader.question)
	}
	full := false
	g.waiting = slices.DeleteFunc(g.waiting, func(c *caller[Q, A]) bool {
		if c == leader {
			return true
		}
		if full || len(batch) >= most || c.leads() {
			return false
		}
		if g.Weight != nil {
			if full = heavy+g.Weight(c.question) > g.MostHeavy; full {
				return false
			}
			heavy += g.Weight(c.question)
		}
		batch = append(batch, c)
		return true
	})
	return batch
}

func (c *caller[Q, A]) leads() bool {
	select {
	case <-c.lead:
		return true
	default:
		return false
	}
}
