package session

import (
	"context"
	"errors"
	"sync"

	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
)

// Handler is what becomes of messages.
type Handler struct {
	// Records takes messages of record, in order. They are acknowledged when it
	// returns nil; an error ends Run, and they come again over the next
	// connection. It runs beside Now. It may Send, but on one side of a link
	// only: two handlers that wait for each other's acks wait for ever.
	Records func(ctx context.Context, batch []message.Message) error
	// Now takes what has no number, as it comes, and messages of record of a
	// peer that does not number. While it runs nothing else is read, acks
	// included, so it must not wait for Send. Nil ignores them.
	Now func(ctx context.Context, m message.Message) error
	// Refused hears of a frame that is no message for us (the error types of
	// package message) and may let it pass by returning nil; it then counts as
	// handled. Nil lets none pass.
	Refused func(err error) error
}

// Run is the life of one connection: it ends when the connection, a handler or
// ctx does, with that error, and closes the connection. What had arrived in order
// when the connection ended is still handled, for some seconds at most. The code it
// closes with is that of a *transport.CloseError among the causes (so a caller may cancel with one),
// InvalidMessage or ProtocolError for what the other side did wrong,
// InternalError for a handler, and GoingAway for a context.
func (s *Session) Run(ctx context.Context, conn transport.Conn, h Handler) error {
	if err := s.attach(conn); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l := &life{Session: s, conn: conn, h: h, over: make(chan struct{})}
	var all sync.WaitGroup
	for _, part := range []func(context.Context) error{l.read, l.write, l.handle} {
		all.Go(func() {
			if err := part(ctx); err != nil {
				cancel(err)
			}
		})
	}
	all.Go(func() { l.linger(ctx, cancel) })
	<-ctx.Done()
	err := context.Cause(ctx)
	s.disconnect()
	code, reason := closing(err)
	_ = conn.Close(code, reason)
	all.Wait()
	s.detach()
	return err
}

func (s *Session) attach(conn transport.Conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy {
		return ErrRunning
	}
	s.busy, s.conn = true, conn
	s.out.connect()
	s.in.connect()
	return nil
}

// disconnect makes SendNow fail at once; detach lets the next Run begin.
func (s *Session) disconnect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = nil
}

func (s *Session) detach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = false
}

// handlerError marks what a handler did not manage.
type handlerError struct{ error }

func (e handlerError) Unwrap() error { return e.error }

// closing finds what to tell the other side.
func closing(err error) (transport.Code, string) {
	var end *transport.CloseError
	var unknown *message.UnknownTypeError
	var direction *message.DirectionError
	var format *message.FormatError
	switch {
	case errors.As(err, &end):
		return end.Code, end.Reason
	case errors.As(err, &unknown), errors.As(err, &direction), errors.As(err, &format):
		return transport.InvalidMessage, err.Error()
	case errors.Is(err, ErrProtocol):
		return transport.ProtocolError, err.Error()
	case errors.As(err, new(handlerError)):
		return transport.InternalError, ""
	}
	return transport.GoingAway, ""
}
