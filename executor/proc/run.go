package proc

import (
	"context"
	"crypto/rand"
	"sync"
	"time"
)

// Run runs one command on a Host of its own, and returns when the command and
// all that it started are gone. The end of ctx ends it: TERM, then KILL after
// grace; whether that happened is for the caller to ask ctx. The error is
// Start's. name begins the cookie: it tells whose process it is.
func Run(ctx context.Context, name string, grace time.Duration, c Command) (Exit, error) {
	host := Open(name + rand.Text())
	defer host.Close()
	p, err := host.Start(ctx, c)
	if err != nil {
		return Exit{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = host.Terminate(context.Background(), 0, grace) })
	defer stop()
	return p.Wait(), nil
}

// Tail is a writer that keeps the end of what is written to it: of a long
// output the last words say what went wrong. Both streams may write to it.
type Tail struct {
	Limit int // bytes kept

	mu   sync.Mutex // guards text
	text []byte
}

// Write keeps p and forgets what is too old for Limit; it never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - t.Limit; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

// Bytes is a copy of what was kept.
func (t *Tail) Bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]byte(nil), t.text...)
}
