package postgres

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kici-dev/kici-go/engine/store"
)

// pulse is how often a leader asks whether its connection still stands, and
// pulseLimit how long the answer may take: a leader that is cut off knows within
// their sum.
const (
	pulse      = 2 * time.Second
	pulseLimit = 3 * time.Second
)

// lockKey is the advisory lock of a name within a deployment.
func lockKey(schema, name string) int64 {
	h := fnv.New64a()
	h.Write([]byte("kici\x00" + schema + "\x00" + name))
	return int64(h.Sum64())
}

// quiet ends the server's side of a session whose client says nothing any more: a
// leader asks every pulse. Servers before 14 do not have it and go by TCP, which
// takes its time.
const quiet = "SELECT set_config(name, $1, false) FROM pg_settings WHERE name = 'idle_session_timeout'"

// session holds the lock as long as its connection stands. The goroutine owns
// the connection; Close asks it to end and waits.
type session struct {
	stop context.CancelFunc
	lost chan struct{}
}

// Lead waits in line for the lock, on a connection of its own.
func (s *Store) Lead(ctx context.Context, name string) (store.Session, error) {
	c, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return nil, fmt.Errorf("store: lead %s: %w", name, err)
	}
	_, err = c.Exec(ctx, quiet, strconv.FormatInt(s.vanished.Milliseconds(), 10))
	if err == nil {
		_, err = c.Exec(ctx, "SELECT pg_advisory_lock($1)", lockKey(s.schema, name))
	}
	if err != nil {
		_ = c.Close(context.WithoutCancel(ctx))
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("store: lead %s: %w", name, err)
	}
	alive, stop := context.WithCancel(context.WithoutCancel(ctx))
	l := &session{stop: stop, lost: make(chan struct{})}
	go l.hold(alive, c, min(pulse, s.vanished/4))
	return l, nil
}

func (l *session) hold(ctx context.Context, c *pgx.Conn, pulse time.Duration) {
	defer close(l.lost)
	for sleep(ctx, pulse) {
		ask, cancel := context.WithTimeout(ctx, pulseLimit)
		err := c.Ping(ask)
		cancel()
		if err != nil {
			break
		}
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), pulseLimit)
	defer cancel()
	_ = c.Close(end) // the server frees the lock with the connection
}

func (l *session) Lost() <-chan struct{} { return l.lost }

func (l *session) Close() error {
	l.stop()
	<-l.lost
	return nil
}
