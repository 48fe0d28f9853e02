package proc

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"sync"
)

// CookieName is the environment variable every command carries; its value is
// the Host's cookie, a colon, and the command's number.
const CookieName = "KICI_PROCESS"

// Mark is a point in the life of a Host: the commands started after it.
type Mark uint64

// Host starts real processes. One Host serves one job.
type Host struct {
	cookie string
	family *Family // nil: cookie and groups are all there is
	forks  chan startRequest
	ended  chan struct{} // the starting thread has gone

	mu     sync.Mutex // guards what follows
	seq    uint64
	live   map[uint64]*process
	marks  map[Mark]uint64 // when, in ticks
	clean  uint64          // commands up to this one are known to have left nothing
	starts int             // under way
	closed bool
	busy   sync.WaitGroup // goroutines of processes, daemons' output included
}

type startRequest struct {
	start func()
	done  chan struct{}
}

// Open returns a Host. cookie must be unlike any other on the machine and
// hold no colon; a parent that knows it can Sweep after its child has died.
func Open(cookie string) *Host {
	h := &Host{
		cookie: cookie,
		forks:  make(chan startRequest),
		ended:  make(chan struct{}),
		live:   map[uint64]*process{},
		marks:  map[Mark]uint64{},
	}
	go h.starter()
	return h
}

// Open returns a Host whose commands are of the family: nothing of what they
// start can hide.
func (f *Family) Open(cookie string) *Host {
	h := Open(cookie)
	h.family = f
	return h
}

// starter runs every fork. On Linux a child asks to be killed when its parent
// *thread* dies, so all children start from one thread that stays; the Go
// scheduler ends a thread only with a goroutine locked to it.
func (h *Host) starter() {
	defer close(h.ended)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread() // or the thread ends, and the children with it
	for r := range h.forks {
		r.start()
		close(r.done)
	}
}

// Start implements Spawner.
func (h *Host) Start(ctx context.Context, c Command) (Process, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, ErrClosed
	}
	h.seq++
	h.starts++
	seq := h.seq
	h.busy.Add(1) // for the start itself: Close waits for it before it ends the starter
	h.mu.Unlock()
	defer h.busy.Done()

	p, err := h.launch(seq, c)
	h.mu.Lock()
	h.starts--
	h.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Mark is the point that Terminate can start from.
func (h *Host) Mark() Mark {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := Mark(h.seq)
	h.marks[m] = ticks()
	return m
}

func (h *Host) markedAt(m Mark) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.marks[m]
}

// Live counts the commands that are not over: whose Wait has nothing to
// return yet. Output that a daemon still writes does not make one live.
func (h *Host) Live() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, p := range h.live {
		select {
		case <-p.over: // its output is still being read
		default:
			n++
		}
	}
	return n
}

func (h *Host) remember(p *process) {
	h.mu.Lock()
	h.live[p.seq] = p
	h.mu.Unlock()
}

func (h *Host) forget(p *process) {
	h.mu.Lock()
	delete(h.live, p.seq)
	h.mu.Unlock()
}

// since lists the commands started after m, lingering output included.
func (h *Host) since(m Mark) []*process {
	h.mu.Lock()
	defer h.mu.Unlock()
	var ps []*process
	for seq, p := range h.live {
		if seq > uint64(m) {
			ps = append(ps, p)
		}
	}
	return ps
}

// Close refuses further commands, kills what is left without a grace (call
// Terminate before) and waits for every goroutine of the Host.
func (h *Host) Close() error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		<-h.ended
		return nil
	}
	h.closed = true
	h.mu.Unlock()
	err := h.Terminate(context.Background(), 0, 0)
	for _, p := range h.since(0) {
		p.closeOutputs()
	}
	h.busy.Wait()
	close(h.forks)
	<-h.ended
	return err
}

func (h *Host) env(env []string, seq uint64) []string {
	out := make([]string, 0, len(env)+1)
	for _, kv := range env {
		if len(kv) > len(CookieName) && kv[len(CookieName)] == '=' && kv[:len(CookieName)] == CookieName {
			continue
		}
		out = append(out, kv)
	}
	return append(out, CookieName+"="+h.cookie+":"+strconv.FormatUint(seq, 10))
}

// onThread runs f on the starting thread.
func (h *Host) onThread(f func() (*os.Process, error)) (p *os.Process, err error) {
	r := startRequest{done: make(chan struct{})}
	r.start = func() { p, err = f() }
	h.forks <- r
	<-r.done
	return p, err
}

var _ Spawner = (*Host)(nil)
