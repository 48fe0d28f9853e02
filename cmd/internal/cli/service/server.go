package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// Limits of a server that anybody may reach.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
	goodbye       = 5 * time.Second // for requests under way when the service stops
)

// listen takes the port, so that a taken one ends the service before it begins.
func listen(ctx context.Context, host string, port int64) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, strconv.FormatInt(port, 10)))
	if err != nil {
		return nil, fmt.Errorf("port %d cannot be used: %w", port, err)
	}
	return l, nil
}

// newServer is an HTTP server whose clients cannot hold it: headers come in time
// and are bounded. How long a body may take is for the handlers, since some of
// them are sent large ones.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// serve serves until ctx ends.
func serve(ctx context.Context, s *http.Server, l net.Listener) error {
	over := make(chan error, 1)
	go func() { over <- s.Serve(l) }()
	select {
	case err := <-over:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	if s.Shutdown(last) != nil {
		_ = s.Close() // whoever is still there was given its time
	}
	if err := <-over; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// tier is what a service runs.
type tier interface {
	Run(ctx context.Context) error
	Ready() <-chan struct{}
	Handler() http.Handler
}

// run runs a tier and serves it, until both have ended.
func (a *app) run(ctx context.Context, t tier, l net.Listener) error {
	g, ctx := errgroup.WithContext(ctx)
	served, stop := context.WithCancel(context.WithoutCancel(ctx))
	g.Go(func() error {
		defer stop() // health answers until the end
		return a.explain(t.Run(ctx))
	})
	g.Go(func() error { return serve(served, newServer(t.Handler(), a.log), l) })
	g.Go(func() error {
		select {
		case <-t.Ready():
			a.log.Info("ready")
		case <-ctx.Done():
		}
		return nil
	})
	return g.Wait()
}
