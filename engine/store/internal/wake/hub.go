package wake

import (
	"context"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/engine/store"
)

// Hub knows the listeners of a process. The zero value is ready.
type Hub struct {
	mu        sync.Mutex // guards listeners
	listeners map[*listener]struct{}
}

type listener struct {
	hub    *Hub
	topics []string
	signal chan struct{} // holds one signal: more would only say the same
}

// Listen adds a listener.
func (h *Hub) Listen(topics ...string) store.Listener {
	l := &listener{hub: h, topics: topics, signal: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listeners == nil {
		h.listeners = map[*listener]struct{}{}
	}
	h.listeners[l] = struct{}{}
	return l
}

// Signal wakes the listeners of a topic; the empty topic is all of them.
func (h *Hub) Signal(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.listeners {
		if topic != "" && !l.hears(topic) {
			continue
		}
		select {
		case l.signal <- struct{}{}:
		default:
		}
	}
}

func (l *listener) hears(topic string) bool {
	for _, t := range l.topics {
		if t == topic {
			return true
		}
	}
	return false
}

// Wait returns on a signal, after the poll interval, or with the end of ctx.
func (l *listener) Wait(ctx context.Context) (bool, error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	poll := time.NewTimer(store.PollInterval)
	defer poll.Stop()
	select {
	case <-l.signal:
		return true, nil
	case <-poll.C:
		return false, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// Close removes the listener; it is safe twice.
func (l *listener) Close() {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	delete(l.hub.listeners, l)
}

var _ store.Listener = (*listener)(nil)
