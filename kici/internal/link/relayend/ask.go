package relayend

import (
	"context"
	"errors"
	"fmt"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/transport/message"
)

// ErrNoSeat: no orchestrator is connected here under that name.
var ErrNoSeat = errors.New("relayend: the orchestrator is not connected to this relay")

// questionParts is how many answers to one question may wait to be read.
const questionParts = 64

// Ask sends a request with that id to an orchestrator and gives its answers as they
// come; each returns false when it wants no more.
func (s *Server) Ask(ctx context.Context, seat engine.SeatID, request string, m message.Message, each func(message.Message) bool) error {
	s.mu.Lock()
	l := s.links[seat]
	s.mu.Unlock()
	if l == nil {
		return ErrNoSeat
	}
	c := make(chan message.Message, questionParts)
	if err := l.question(request, c); err != nil {
		return err
	}
	defer l.unask(request)
	if err := l.send(ctx, m); err != nil {
		return err
	}
	for {
		select {
		case a, open := <-c:
			if !open {
				return errGone
			}
			if !each(a) {
				return nil
			}
			if d, ok := a.(*message.DashboardResponse); !ok || !d.More {
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("relayend: no answer in time: %w", context.Cause(ctx))
		}
	}
}

func (l *link) question(request string, c chan message.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return errGone
	}
	if l.questions[request] != nil {
		return fmt.Errorf("relayend: request %s is under way already", request)
	}
	l.questions[request] = c
	return nil
}

func (l *link) unask(request string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.questions, request)
}

// answered hands an answer to whoever asked. An orchestrator that answers more than
// anybody reads loses the rest: the asker's time ends.
func (l *link) answered(request string, m message.Message, more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.questions[request]
	if c == nil {
		return
	}
	select {
	case c <- m:
	default:
	}
	if !more {
		delete(l.questions, request)
	}
}
