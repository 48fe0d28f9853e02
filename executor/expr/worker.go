package expr

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/executor/runner"
)

const (
	handshake = 2 * time.Second // to start, off the path of any evaluation
	dismissal = time.Second     // to leave when asked to
	deadline  = 100 * time.Millisecond
	firstLook = 2 * time.Millisecond // most evaluations have ended by then
	look      = time.Millisecond
	// residentLimit is where a worker is killed; from there to 128 MiB is what
	// it can take between two looks.
	residentLimit = 112 << 20
	// starvedBelow: a worker that had less of the processor than this before
	// its deadline says nothing about the function.
	starvedBelow = Limit / 2
)

// worker is a child as its parent sees it. One goroutine uses it.
type worker struct {
	proc   runner.Process
	r      *bufio.Reader
	stderr head
}

// start starts a worker and waits for its hello.
func start(ctx context.Context, launch runner.Launcher) (*worker, error) {
	w := &worker{}
	var err error
	if w.proc, err = launch(ctx, &w.stderr); err != nil {
		return nil, err
	}
	w.r = bufio.NewReader(w.proc.Stdout())
	stop := context.AfterFunc(ctx, w.proc.Kill)
	timer := time.AfterFunc(handshake, w.proc.Kill)
	var h hello
	err = receive(w.r, &h)
	timer.Stop()
	stop()
	if err == nil && h == (hello{workerName, protocol}) && ctx.Err() == nil {
		return w, nil
	}
	w.proc.Kill()
	w.reap() // then everything it said is known
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case h.Worker == workerName:
		return nil, fmt.Errorf("expr: the worker speaks protocol %d, this program %d: use the same version for both", h.Protocol, protocol)
	default:
		return nil, fmt.Errorf("%w\n%s", runner.ErrHandshake, w.stderr.String())
	}
}

// ask has the worker evaluate. With an error that is not from the function the
// worker is of no more use.
func (w *worker) ask(q Request) (answer, cause) {
	g := guardian{proc: w.proc, end: make(chan struct{}), over: make(chan struct{})}
	if p, ok := w.proc.(interface{ Pid() int }); ok {
		g.pid = p.Pid()
	}
	go g.run()
	a, err := w.exchange(q)
	close(g.end)
	<-g.over
	if err != nil && g.why == nil {
		g.why = errGone
	}
	if g.why != nil {
		return answer{}, g.why
	}
	return a, nil
}

func (w *worker) exchange(q Request) (answer, error) {
	var a answer
	text, err := json.Marshal(ask{q.Kind, q.Expression})
	if err != nil {
		return a, err
	}
	b := make([]byte, 0, len(text)+len(q.Event)+8)
	if _, err := w.proc.Stdin().Write(appendFrame(appendFrame(b, text), q.Event)); err != nil {
		return a, err
	}
	return a, receive(w.r, &a)
}

// reap waits for the process to be gone and closes our ends.
func (w *worker) reap() {
	<-w.proc.Done()
	w.proc.Stdin().Close()
	w.proc.Stdout().Close()
}

// dismiss asks the process to end, and kills it when it does not.
func (w *worker) dismiss() {
	w.proc.Stdin().Close()
	timer := time.AfterFunc(dismissal, w.proc.Kill)
	w.reap()
	timer.Stop()
}

// cause is why a worker is of no more use.
type cause error

var (
	errLate    = errors.New("late")
	errStarved = errors.New("starved")
	errFull    = errors.New("full")
	errGone    = errors.New("gone")
)

// ranOut tells from what a worker said whether memory was at fault. Go's runtime
// does not check everything the kernel gives it: a refusal in its collector
// shows as a fault of the runtime's own, told in the form of the last sign and
// not as a panic.
func ranOut(said string) bool {
	for _, sign := range []string{"out of memory", "cannot allocate memory", "cannot map pages", "failed to allocate", "goroutine stack exceeds", "SIGSEGV: segmentation violation"} {
		if strings.Contains(said, sign) {
			return true
		}
	}
	return false
}

// guardian kills a worker that goes too far during one evaluation.
type guardian struct {
	proc      runner.Process
	pid       int
	end, over chan struct{}
	why       error // set before over is closed
}

func (g *guardian) run() {
	defer close(g.over)
	start := time.Now()
	used, _ := processor(g.pid)
	timer := time.NewTimer(firstLook)
	defer timer.Stop()
	for {
		select {
		case <-g.end:
			return
		case <-timer.C:
		}
		switch {
		case resident(g.pid) > residentLimit:
			g.why = errFull
		case time.Since(start) >= deadline:
			g.why = errLate
			if now, known := processor(g.pid); known && now-used < starvedBelow {
				g.why = errStarved
			}
		default:
			timer.Reset(look)
			continue
		}
		g.proc.Kill()
		return
	}
}

// head keeps the first bytes written to it: what Go says first about its end
// is what matters, the stacks after it do not.
type head struct {
	mu  sync.Mutex // guards buf
	buf []byte
}

const headSize = 2 << 10

func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.buf = append(h.buf, p[:min(len(p), headSize-len(h.buf))]...)
	return len(p), nil
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.TrimSpace(string(h.buf))
}
