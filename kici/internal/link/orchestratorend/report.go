package orchestratorend

import (
	"context"
	"sync"

	"github.com/kici-dev/kici-go/transport/message"
)

// reports are messages on their way up. Of more than limit the oldest are dropped:
// a relay shows, it does not keep, and nothing that runs may wait for it.
type reports struct {
	limit int
	more  chan struct{} // a baton: there is something

	mu      sync.Mutex // guards what follows
	list    []message.Message
	dropped int
}

func newReports(limit int) *reports { return &reports{limit: limit, more: make(chan struct{}, 1)} }

func (r *reports) add(m message.Message) {
	r.mu.Lock()
	if len(r.list) >= r.limit {
		r.list = r.list[1:]
		r.dropped++
	}
	r.list = append(r.list, m)
	r.mu.Unlock()
	select {
	case r.more <- struct{}{}:
	default:
	}
}

// take gives what there is, and how many were dropped since.
func (r *reports) take() (list []message.Message, dropped int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list, dropped = r.list, r.dropped
	r.list, r.dropped = nil, 0
	return list, dropped
}

// Report sends a message up when there is a connection. It never waits.
func (l *Link) Report(m message.Message) { l.reports.add(m) }

// pump moves reports to the session while there is a connection.
func (l *Link) pump(ctx context.Context) {
	for {
		l.mu.Lock()
		online, changed := l.online, l.changed
		l.mu.Unlock()
		if !online {
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-l.reports.more:
		case <-changed:
			continue
		case <-ctx.Done():
			return
		}
		list, dropped := l.reports.take()
		if dropped > 0 {
			l.log.Warn("reports were dropped while the relay was away", "count", dropped)
		}
		for _, m := range list {
			if err := l.send(ctx, m); err != nil && ctx.Err() == nil {
				l.log.Debug("a report was not sent to the relay", "type", m.Type(), "err", err)
			}
		}
	}
}
