package store

import (
	"context"
	"errors"
	"time"
)

// ErrLost says that another process leads now.
var ErrLost = errors.New("store: another process leads now")

// againAfter is how long after a failure leadership is asked for again.
const againAfter = time.Second

// WhileLeading has work done by one process at a time, until ctx ends. It waits
// until this process leads under that name, calls work with the session, and
// begins again a second after work has returned; failed hears of its errors. Work
// returns when ctx ends, and with ErrLost when the session is lost.
func WhileLeading(ctx context.Context, s Store, name string, failed func(error), work func(context.Context, Session) error) {
	for {
		err := leading(ctx, s, name, work)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			failed(err)
		}
		again := time.NewTimer(againAfter)
		select {
		case <-ctx.Done():
			again.Stop()
			return
		case <-again.C:
		}
	}
}

func leading(ctx context.Context, s Store, name string, work func(context.Context, Session) error) error {
	session, err := s.Lead(ctx, name)
	if err != nil {
		return err
	}
	defer session.Close() //nolint:errcheck // losing a leadership that ends anyway is no loss
	return work(ctx, session)
}
