package proc

import (
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// What happens to output after the leader's exit (see linger).
const (
	lingerTick  = 10 * time.Millisecond
	lingerQuiet = 25  // ticks without a byte: a daemon holds the pipe, 250 ms
	lingerTotal = 100 // ticks spent waiting for bytes, in all: a daemon that chats, 1 s
)

// output carries one stream of a child to its writer.
type output struct {
	stream int
	from   *os.File
	to     io.Writer
	done   chan struct{}

	reads   atomic.Int64 // grows with every block read
	waiting atomic.Bool  // inside Read: nothing to deliver
}

// pump reads until the end of the stream. A writer's error does not stop it:
// a child must not hang or die because a log could not be written.
func (o *output) pump(busy *sync.WaitGroup) {
	defer busy.Done()
	defer close(o.done)
	defer o.from.Close()
	buf := make([]byte, 4<<10) // most commands print little; a flood grows it
	for {
		o.waiting.Store(true)
		n, err := o.from.Read(buf)
		o.waiting.Store(false)
		o.reads.Add(1)
		if n > 0 {
			_, _ = o.to.Write(buf[:n])
		}
		if err != nil {
			return
		}
		if n == len(buf) && n < 256<<10 {
			buf = make([]byte, 4*n)
		}
	}
}

// linger waits for the output of a leader that has exited. Usually every pipe
// is at its end already. Where a process left behind holds one open, the
// output counts as ended once nothing has come for 250 ms, or once a second
// in all was spent waiting for a trickle. Time in which a slow writer holds
// up the pump does not count: what the leader wrote is never cut off.
func (p *process) linger() {
	var tick *time.Ticker
	for _, o := range p.outputs {
		select {
		case <-o.done:
			continue
		default:
		}
		if tick == nil {
			tick = time.NewTicker(lingerTick)
			defer tick.Stop()
		}
		o.settle(tick.C)
	}
}

func (o *output) settle(tick <-chan time.Time) {
	last, quiet, total := o.reads.Load(), 0, 0
	for quiet < lingerQuiet && total < lingerTotal {
		select {
		case <-o.done:
			return
		case <-tick:
		}
		if !o.waiting.Load() {
			quiet = 0
			continue
		}
		total++
		if n := o.reads.Load(); n != last {
			last, quiet = n, 0
		} else {
			quiet++
		}
	}
}
