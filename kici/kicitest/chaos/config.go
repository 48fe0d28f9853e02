package chaos

import (
	"io"
	"slices"
	"strings"
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
	// Private: this process is in namespaces of its own, so that a plan may fill
	// disks and drop packets.
	Private bool
	// Settle is how long the house may take to come to rest in the end.
	Settle time.Duration
	Out    io.Writer // hears how it goes
	Bugs   Bugs
}

// Bugs are planted in a running house, to see whether the checker catches them.
// Each is a bug of what stands between the services, so that it is theirs to
// everybody who looks.
type Bugs struct {
	// Lie is a part of a statement: the database says that transactions with it
	// have been committed, and has rolled them back.
	Lie string
	// Unless keeps it honest about transactions that have this statement as well.
	Unless string
	// Swallow: log lines of steps are acknowledged to the agent and lost, after so
	// many were not. 0 is never.
	Swallow int64
	// TwoAgents: every job is handed to a second agent as well, and no agent hears
	// that it is to give one up.
	TwoAgents bool
	// Forget: a repeated delivery comes in under another name.
	Forget bool

	planted       *atomic.Bool // they begin when the house stands
	chunks, names *atomic.Int64
}

func (b *Bugs) prepare() {
	b.planted, b.chunks, b.names = &atomic.Bool{}, &atomic.Int64{}, &atomic.Int64{}
}

func (b *Bugs) lie(statements []string) bool {
	has := func(part string) bool {
		return part != "" && slices.ContainsFunc(statements, func(s string) bool { return strings.Contains(s, part) })
	}
	return b.planted.Load() && has(b.Lie) && !has(b.Unless)
}

func (b *Bugs) swallow(m message.Message) bool {
	c, ok := m.(*message.LogChunk)
	return ok && c.StepIndex >= 0 && b.Swallow > 0 && b.chunks.Add(1) > b.Swallow
}

func (b *Bugs) rename() bool { return b.Forget && b.names.Add(1)%2 == 0 }
