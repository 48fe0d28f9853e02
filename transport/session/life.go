package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
)

// life is a session over one connection: a reader, a handler and a writer.
type life struct {
	*Session
	conn transport.Conn
	h    Handler
	over chan struct{} // closed when nothing can be received any more
	end  error         // why; set before
}

// read takes frames apart until the connection ends. The end is for the handler
// to report, behind what has arrived.
func (l *life) read(ctx context.Context) error {
	for {
		frame, err := l.conn.Receive(ctx)
		if err != nil {
			l.end = err
			close(l.over)
			return nil
		}
		e, err := message.Open(l.opt.Receive, frame)
		if err != nil {
			if err := l.refused(err); err != nil {
				return err
			}
			if e.Seq == 0 {
				continue
			}
		}
		if err := l.take(ctx, e, len(frame)); err != nil {
			return err
		}
	}
}

// lingerTime bounds handling what had arrived when the connection ended: a handler
// may be waiting for something that now cannot come.
const lingerTime = 5 * time.Second

func (l *life) linger(ctx context.Context, cancel context.CancelCauseFunc) {
	select {
	case <-l.over:
	case <-ctx.Done():
		return
	}
	limit := time.NewTimer(lingerTime)
	defer limit.Stop()
	select {
	case <-limit.C:
		cancel(l.end)
	case <-ctx.Done():
	}
}

func (l *life) refused(err error) error {
	if l.h.Refused == nil {
		return err
	}
	return l.h.Refused(err)
}

func (l *life) take(ctx context.Context, e message.Envelope, size int) error {
	if e.Seq > 0 {
		err := l.in.arrive(e.Numbering, parcel{e.Message, size})
		raise(l.out.wake) // it may have made an ack due
		return err
	}
	if ack, ok := e.Message.(*message.Ack); ok && ack.Cumulative() {
		if ack.Probe {
			l.in.asked()
			raise(l.out.wake)
		}
		return l.out.acked(ack)
	}
	if l.h.Now == nil {
		return nil
	}
	if err := l.h.Now(ctx, e.Message); err != nil {
		return handlerError{err}
	}
	return nil
}

// handle gives out batches.
func (l *life) handle(ctx context.Context) error {
	for {
		select {
		case <-l.in.ready:
			if err := l.batch(ctx); err != nil {
				return err
			}
		case <-l.over:
			if err := l.batch(ctx); err != nil {
				return err
			}
			return l.end
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (l *life) batch(ctx context.Context) error {
	batch := l.in.batch()
	if len(batch) == 0 {
		return nil
	}
	messages := make([]message.Message, 0, len(batch))
	for _, p := range batch {
		if p.message != nil {
			messages = append(messages, p.message)
		}
	}
	if len(messages) > 0 {
		if l.h.Records == nil {
			return handlerError{errors.New("session: nobody handles messages of record")}
		}
		if err := l.h.Records(ctx, messages); err != nil {
			return handlerError{fmt.Errorf("session: batch of %d: %w", len(messages), err)}
		}
	}
	l.in.done(batch)
	raise(l.out.wake)
	return nil
}

// write sends what is due, and is the only one to send numbered frames and acks.
func (l *life) write(ctx context.Context) error {
	err := l.writeAll(ctx)
	if ctx.Err() == nil && transport.Ended(err) {
		// What arrived before the end is still being handled.
		<-ctx.Done()
	}
	return err
}

func (l *life) writeAll(ctx context.Context) error {
	every := l.opt.Resend / 4
	tick := time.NewTicker(every)
	defer tick.Stop()
	ticking := true
	late := false
	for {
		frame, err := l.due(late)
		if err != nil {
			return err
		}
		if frame != nil {
			if err := l.conn.Send(ctx, frame); err != nil {
				return err
			}
		}
		// Nothing under way needs no clock.
		if busy := l.out.waiting() || l.in.waiting(); busy != ticking {
			if ticking = busy; busy {
				tick.Reset(every)
			} else {
				tick.Stop()
			}
		}
		if late, err = l.pause(ctx, tick.C, frame == nil); err != nil {
			return err
		}
	}
}

// pause waits, or if there may be more to write only looks, whether it is time
// for what the clock makes due.
func (l *life) pause(ctx context.Context, tick <-chan time.Time, wait bool) (late bool, err error) {
	if !wait {
		select {
		case <-tick:
			return true, nil
		default:
			return false, nil
		}
	}
	select {
	case <-l.out.wake:
		return false, nil
	case <-tick:
		return true, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// due is the frame to be written now, if there is one: acks first, they let the
// other side go on.
func (l *life) due(late bool) ([]byte, error) {
	if late {
		l.out.overdue(time.Now())
	}
	if ack := l.in.ack(late); ack != nil {
		return message.Encode(ack)
	}
	return l.out.next()
}
