package runner

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// child is a process of ours as its parent sees it.
type child struct {
	cookie string
	jobs   int // run so far; makes the cookie of each job unique
	proc   Process
	wire   *wire
	known  map[string]bool // programs it has
	stderr tail
}

// spawn starts a child on this machine and waits for its hello.
func spawn(ctx context.Context, c Command) (*child, error) {
	return launch(ctx, c.launch, c.Handshake)
}

// launch starts a child and waits at most limit for its hello; zero means the
// usual time.
func launch(ctx context.Context, start Launcher, limit time.Duration) (*child, error) {
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, err
	}
	k := &child{cookie: hex.EncodeToString(id[:]), known: map[string]bool{}}
	var err error
	if k.proc, err = start(ctx, &k.stderr); err != nil {
		return nil, err
	}
	k.wire = newWire(k.proc.Stdout(), k.proc.Stdin())
	if limit <= 0 {
		limit = handshake
	}
	if err := k.greet(ctx, limit); err != nil {
		k.kill()
		if s := k.stderr.String(); s != "" {
			err = fmt.Errorf("%w\n%s", err, s)
		}
		return nil, err
	}
	return k, nil
}

// greet waits for the hello. A program that is no child of ours prints its
// usage or nothing at all; neither may hang us.
func (k *child) greet(ctx context.Context, limit time.Duration) error {
	answer := make(chan error, 1)
	go func() {
		kind, body, err := k.wire.read()
		if err != nil || kind != frameMessage {
			answer <- ErrHandshake
			return
		}
		var m message
		if json.Unmarshal(body, &m) != nil || m.Type != typeHello {
			answer <- ErrHandshake
			return
		}
		if m.Protocol != protocol {
			answer <- fmt.Errorf("runner: the child speaks protocol %d, this program %d: use the same version for both", m.Protocol, protocol)
			return
		}
		answer <- nil
	}()
	answered, err := patient(ctx, limit, answer)
	if !answered {
		k.kill()
		<-answer
	}
	return err
}

// parts of the limit are counted one by one. A process that was stopped for a
// while, or whose machine slept, sees one of them pass in all that time: its
// child was stopped as well, and is not to blame.
const parts = 10

// patient waits for the answer, for the end of ctx, or as long as limit.
func patient(ctx context.Context, limit time.Duration, answer <-chan error) (answered bool, err error) {
	tick := time.NewTicker(max(limit/parts, 1))
	defer tick.Stop()
	for range parts {
		select {
		case err := <-answer:
			return true, err
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-tick.C:
		}
	}
	return false, ErrHandshake
}

// kill ends the process at once and waits until it is reaped.
func (k *child) kill() {
	k.proc.Kill()
	k.release()
}

// release waits for the process and closes our ends.
func (k *child) release() {
	<-k.proc.Done()
	k.proc.Stdin().Close()
	k.proc.Stdout().Close()
}

// dismiss asks the process to end by closing its input, and kills it when it
// does not within limit.
func (k *child) dismiss(limit time.Duration) {
	k.proc.Stdin().Close()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-k.proc.Done():
	case <-timer.C:
		k.proc.Kill()
	}
	k.release()
}

// obituary says how a dead child died.
func (k *child) obituary() string {
	text := "ended"
	if err := k.proc.Err(); err != nil {
		text = "died: " + err.Error()
	}
	if s := k.stderr.String(); s != "" {
		text += "\n" + s
	}
	return text
}

// tail keeps the last bytes written to it.
type tail struct {
	mu  sync.Mutex // guards buf
	buf []byte
}

const tailSize = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - tailSize; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
