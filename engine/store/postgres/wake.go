package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pause is how long notifications are collected, so that a thousand commits a
// second are two hundred NOTIFYs at most; in this process nobody waits for them.
const pause = 5 * time.Millisecond

// retry is how long after a failure the listening connection is made again.
const retry = 250 * time.Millisecond

// notifier tells other processes of topics, each once per pause.
type notifier struct {
	channel string
	mu      sync.Mutex // guards topics
	topics  map[string]bool
	some    chan struct{}
}

func newNotifier(schema string) *notifier {
	return &notifier{channel: schema + "_wake", topics: map[string]bool{}, some: make(chan struct{}, 1)}
}

func (n *notifier) add(topic string) {
	n.mu.Lock()
	n.topics[topic] = true
	n.mu.Unlock()
	select {
	case n.some <- struct{}{}:
	default:
	}
}

func (n *notifier) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []string
	for t := range n.topics {
		out = append(out, t)
	}
	clear(n.topics)
	return out
}

// send runs until ctx ends. A notification that fails is lost: the poll of the
// listeners is what it was for.
func (n *notifier) send(ctx context.Context, pool *pgxpool.Pool) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.some:
		}
		_, _ = pool.Exec(ctx, "SELECT pg_notify($1, topic) FROM unnest($2::text[]) AS topic", n.channel, n.take())
		if !sleep(ctx, pause) {
			return
		}
	}
}

// listen runs until ctx ends.
func (s *Store) listen(ctx context.Context) {
	for ctx.Err() == nil {
		_ = s.hear(ctx) // it never ends well, and all there is to do is to try again
		s.hub.Signal("")
		sleep(ctx, retry)
	}
}

func (s *Store) hear(ctx context.Context) error {
	c, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it is being given up
	if _, err := c.Exec(ctx, "LISTEN "+pgx.Identifier{s.notifier.channel}.Sanitize()); err != nil {
		return err
	}
	s.hub.Signal("") // whatever happened before we listened
	for {
		n, err := c.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		s.hub.Signal(n.Payload)
	}
}

// sleep waits and tells whether ctx lasted.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
