package grouplock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gofrs/flock"
)

const (
	slotKind   = ".slot-"
	ticketKind = ".ticket-"

	pollQueue  = 250 * time.Millisecond
	pollCancel = 100 * time.Millisecond
	tellEvery  = 5 * time.Second

	// DefaultKillGrace is how long a superseded run may clean up before it is
	// killed.
	DefaultKillGrace = 30 * time.Second
)

// Options describe one run that wants its turn.
type Options struct {
	Dir              string        // folder of the lock files, shared by all runs of the user
	Workflow         string        // workflow name
	Group            string        // what the workflow's group function returned; not empty
	Max              int           // runs at a time; 0 means 1
	CancelInProgress bool          // terminate those who came before instead of waiting for them
	KillGrace        time.Duration // from SIGTERM to SIGKILL; 0 means DefaultKillGrace
	Waiting          func(Wait)    // called when waiting begins and every 5 s; may be nil
}

// Wait tells what a run is waiting for.
type Wait struct {
	Ahead      int           // runs that go first: holders and older tickets
	Holder     Holder        // the one that has been at it longest
	Waited     time.Duration // since Acquire was called
	Cancelling bool          // the others have been told to end
}

// ErrEmptyGroup is returned for a group without a name: running unprotected
// because of a typo is worse than not running.
var ErrEmptyGroup = errors.New("grouplock: the concurrency group is an empty string")

// Lock is a turn that is held until Release or the end of the process.
type Lock struct {
	slot *flock.Flock
}

// Acquire waits for the run's turn. It returns the context's error if that
// ends first; the place in the queue is given up then.
func Acquire(ctx context.Context, o Options) (*Lock, error) {
	if o.Group == "" {
		return nil, ErrEmptyGroup
	}
	g, err := openGroup(o.Dir, o.Workflow, o.Group)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname() // only shown to people
	began := time.Now()
	me := Holder{PID: os.Getpid(), StartedAt: began.UTC(), Workflow: o.Workflow, Group: o.Group, Hostname: host}
	name := fmt.Sprintf("%s%020d-%d", ticketKind, began.UnixNano(), me.PID)
	ticket, err := g.take(name, me)
	if err != nil || ticket == nil {
		return nil, fmt.Errorf("grouplock: draw a ticket: %w", errors.Join(err, ctx.Err()))
	}
	defer g.drop(ticket)
	q := &queue{group: g, options: o, me: me, ticket: ticket, name: name, began: began}
	return q.wait(ctx)
}

// Release ends the turn.
func (l *Lock) Release() error { return l.slot.Unlock() }

func (g group) drop(ticket *flock.Flock) {
	os.Remove(ticket.Path())
	os.Remove(ticket.Path() + ".json")
	ticket.Unlock()
}

// queue is one run's wait.
type queue struct {
	group   group
	options Options
	me      Holder
	ticket  *flock.Flock
	name    string
	began   time.Time
	told    time.Time         // when Waiting was last called
	asked   map[int]time.Time // by process: when it was told to end
}

func (q *queue) wait(ctx context.Context) (*Lock, error) {
	poll := pollQueue
	if q.options.CancelInProgress {
		poll = pollCancel
	}
	for {
		lock, err := q.look()
		if lock != nil || err != nil {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(poll):
		}
	}
}

// look takes a slot if it is this run's turn, and otherwise tells who is first.
func (q *queue) look() (*Lock, error) {
	tickets, waiting, err := q.group.living(ticketKind, q.ticket)
	if err != nil {
		return nil, fmt.Errorf("grouplock: read the queue: %w", err)
	}
	older := 0
	for older < len(tickets) && tickets[older] < q.name {
		older++
	}
	if older == 0 {
		if lock, err := q.slot(); lock != nil || err != nil {
			return lock, err
		}
	}
	_, holders, err := q.group.living(slotKind, nil)
	if err != nil {
		return nil, fmt.Errorf("grouplock: read the slots: %w", err)
	}
	ahead := append(holders, waiting[:older]...)
	if len(ahead) == 0 {
		return nil, nil // somebody is looking at this very moment
	}
	if q.options.CancelInProgress {
		q.supersede(ahead)
	}
	q.tell(ahead)
	return nil, nil
}

// slot takes the first free slot, or none.
func (q *queue) slot() (*Lock, error) {
	for i := range max(q.options.Max, 1) {
		slot, err := q.group.take(fmt.Sprintf("%s%03d", slotKind, i), q.me)
		if err != nil {
			return nil, fmt.Errorf("grouplock: take a slot: %w", err)
		}
		if slot != nil {
			return &Lock{slot: slot}, nil
		}
	}
	return nil, nil
}

// supersede ends those ahead: a request first, force after the grace.
func (q *queue) supersede(ahead []Holder) {
	grace := q.options.KillGrace
	if grace <= 0 {
		grace = DefaultKillGrace
	}
	if q.asked == nil {
		q.asked = map[int]time.Time{}
	}
	for _, h := range ahead {
		if h.PID <= 0 || h.PID == q.me.PID || h.Hostname != q.me.Hostname {
			continue
		}
		since, ok := q.asked[h.PID]
		switch {
		case !ok:
			q.asked[h.PID] = time.Now()
			terminate(h.PID)
		case time.Since(since) >= grace:
			kill(h.PID)
		}
	}
}

func (q *queue) tell(ahead []Holder) {
	if q.options.Waiting == nil || !q.told.IsZero() && time.Since(q.told) < tellEvery {
		return
	}
	q.told = time.Now()
	q.options.Waiting(Wait{Ahead: len(ahead), Holder: ahead[0], Waited: time.Since(q.began), Cancelling: q.options.CancelInProgress})
}
