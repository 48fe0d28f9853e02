package runner

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// child is a process of ours as its parent sees it.
type child struct {
	cookie string
	jobs   int // run so far; makes the cookie of each job unique
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.Closer
	wire   *wire
	known  map[string]bool // programs it has
	stderr tail
	exited chan struct{} // closed after the process is reaped
	state  error         // how it ended; read after exited
}

// spawn starts a child and waits for its hello.
func spawn(ctx context.Context, c Command) (*child, error) {
	argv, err := c.argv()
	if err != nil {
		return nil, err
	}
	environ, err := c.environ()
	if err != nil {
		return nil, err
	}
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, err
	}
	k := &child{cookie: hex.EncodeToString(id[:]), known: map[string]bool{}, exited: make(chan struct{})}
	k.cmd = exec.Command(argv[0], argv[1:]...)
	k.cmd.Env = environ
	k.cmd.Stderr = &k.stderr
	// A grandchild that inherited the child's stderr must not hold us up.
	k.cmd.WaitDelay = time.Second
	detach(k.cmd)
	if err := k.start(); err != nil {
		return nil, err
	}
	limit := c.Handshake
	if limit <= 0 {
		limit = handshake
	}
	if err := k.greet(ctx, limit); err != nil {
		k.kill()
		return nil, err
	}
	return k, nil
}

// start runs the process on a goroutine of its own, which stays on its thread
// until the process has ended (see pin). We hold our ends of the pipes as
// files and not through exec's copying, so that a write that blocks is the
// reader's slowness and nothing else.
func (k *child) start() error {
	inR, inW, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("runner: %w", err)
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		inR.Close()
		inW.Close()
		return fmt.Errorf("runner: %w", err)
	}
	k.cmd.Stdin, k.cmd.Stdout = inR, outW
	k.in, k.out = inW, outR
	k.wire = newWire(outR, inW)
	started := make(chan error, 1)
	go func() {
		defer pin()()
		defer close(k.exited)
		err := k.cmd.Start()
		inR.Close()
		outW.Close()
		started <- err
		if err == nil {
			k.state = k.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		inW.Close()
		outR.Close()
		<-k.exited
		return fmt.Errorf("runner: start child: %w", err)
	}
	return nil
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
	timer := time.NewTimer(limit)
	defer timer.Stop()
	var err error
	select {
	case err = <-answer:
		return err
	case <-timer.C:
		err = ErrHandshake
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	k.kill()
	<-answer
	return err
}

// kill ends the process at once and waits until it is reaped.
func (k *child) kill() {
	_ = k.cmd.Process.Kill()
	k.release()
}

// release waits for the process and closes our ends.
func (k *child) release() {
	<-k.exited
	k.in.Close()
	k.out.Close()
}

// dismiss asks the process to end by closing its input, and kills it when it
// does not within limit.
func (k *child) dismiss(limit time.Duration) {
	k.in.Close()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-k.exited:
	case <-timer.C:
		_ = k.cmd.Process.Kill()
	}
	k.release()
}

// obituary says how a dead child died.
func (k *child) obituary() string {
	text := "ended"
	if k.state != nil {
		text = "died: " + k.state.Error()
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
