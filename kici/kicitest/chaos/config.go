package chaos

import (
	"io"
	"sync/atomic"
	"time"

	"github.com/kici-dev/kici-go/transport/message"
)

// Config is what a run is.
type Config struct {
	Topology Topology
	Seed     uint64
	// Programs is the folder with the programs of the services, Path the search
	// path they get.
	Programs, Path string
	// Dir is where everything lies that a run makes; it is made, and stays.
	Dir string
	// Deliveries are sent by so many Clients at once, Pace apart; of a hundred,
	// Matching start something.
	Deliveries, Clients, Matching int
	Pace                          time.Duration
	Plan                          Plan
	// Settle is how long the house may take to come to rest in the end.
	Settle time.Duration
	Out    io.Writer // hears how it goes
	Bugs   Bugs
}

// Bugs are planted in a running house, to see whether the checker catches them.
type Bugs struct {
	// Lie is at which commit, counted from 1, the database says that it has
	// committed and does not. 0 is never.
	Lie int64
	// Swallow is which log chunk is acknowledged to the agent and lost.
	Swallow int64
	// TwoAgents: every job is handed to a second agent as well.
	TwoAgents bool

	commits, chunks *atomic.Int64
}

func (b *Bugs) count() { b.commits, b.chunks = &atomic.Int64{}, &atomic.Int64{} }

func (b *Bugs) lie() bool { return b.Lie > 0 && b.commits.Add(1) == b.Lie }

func (b *Bugs) swallow(m message.Message) bool {
	c, ok := m.(*message.LogChunk)
	return ok && c.StepIndex >= 0 && b.Swallow > 0 && b.chunks.Add(1) == b.Swallow
}
