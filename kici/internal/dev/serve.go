package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine/intake"
	provide "github.com/kici-dev/kici-go/engine/provider/local"
	"github.com/kici-dev/kici-go/kici/internal/local"
)

// Serve runs both tiers for a repository until ctx ends: commits and tags that
// land in it are events, and [Trigger] hands in others. At the end what runs is
// cancelled with its hooks, or by force once Force is closed; interrupted says
// that there was such a thing. A *RunningError means that another one is at it.
func Serve(ctx context.Context, o Options, a Audience) (interrupted bool, err error) {
	if err := o.defaults(); err != nil {
		return false, err
	}
	repo, err := open(ctx, o.Dir, o.Environ)
	if err != nil {
		return false, err
	}
	home, err := placeOf(repo, o.Environ)
	if err != nil {
		return false, err
	}
	release, err := home.take()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, release()) }()
	s := &server{o: &o, repo: repo, home: home, audience: a, token: newToken()}
	return s.run(ctx)
}

// server is one call of Serve.
type server struct {
	*tiers
	o        *Options
	repo     *repository
	home     place
	audience Audience
	token    string
	url      string
	teller   *teller
}

func (s *server) run(ctx context.Context) (interrupted bool, err error) {
	known, err := s.repo.refs(ctx)
	if err != nil {
		return false, err
	}
	socket, err := listen(s.o.Port)
	if err != nil {
		return false, err
	}
	s.url = "http://" + socket.Addr().String()
	s.tiers, err = start(ctx, s.o, s.repo, folders{s.home.orchestrator(), s.home.agent(), s.url, s.token}, s.routes)
	if err != nil {
		return false, errors.Join(err, socket.Close())
	}
	web := &http.Server{Handler: s.orch, ReadHeaderTimeout: 10 * time.Second}
	over := make(chan error, 1)
	go func() { over <- web.Serve(socket) }()
	interrupted, err = s.work(ctx, known)
	err = s.stop(errors.Join(err, web.Close()))
	if webErr := <-over; !errors.Is(webErr, http.ErrServerClosed) {
		err = errors.Join(err, webErr)
	}
	return interrupted, err
}

// work is the life between start and stop.
func (s *server) work(ctx context.Context, known refs) (interrupted bool, err error) {
	s.teller = &teller{rooms: s.rooms, audience: s.audience, url: s.url, since: s.o.Now(), lock: s.repo.lock()}
	left, err := s.teller.begin(s.ctx)
	if err != nil {
		return false, err
	}
	err = s.home.announce(running{PID: os.Getpid(), URL: s.url, Token: s.token, Repo: s.repo.home(), Started: s.o.Now()})
	if err != nil {
		return false, err
	}
	s.audience.Ready(s.ready(known))
	for i := range left {
		s.teller.run(s.ctx, &left[i], "", true)
	}
	g, working := errgroup.WithContext(ctx)
	g.Go(func() error { return s.watch(working, known) })
	g.Go(func() error { return s.teller.tell(working, s.ctx) })
	g.Go(func() error {
		select {
		case <-working.Done():
		case <-s.ctx.Done(): // a tier failed; stop knows why
			return context.Canceled
		}
		return nil
	})
	if err := g.Wait(); err != nil && ctx.Err() == nil {
		return false, err
	}
	return s.finish(ctx)
}

// finish ends what runs, and shows its end.
func (s *server) finish(ctx context.Context) (interrupted bool, err error) {
	busy, err := s.cancelAll(context.Cause(ctx), false)
	if err != nil || !busy {
		return false, err
	}
	done := make(chan struct{})
	forced := make(chan error, 1)
	go func() {
		select {
		case <-s.o.Force:
			_, err := s.cancelAll(context.Cause(ctx), true)
			forced <- err
		case <-done:
			forced <- nil
		}
	}()
	s.teller.work.Wait()
	close(done)
	return true, <-forced
}

func (s *server) ready(known refs) Ready {
	r := Ready{Repo: s.repo.name, Root: s.repo.home(), URL: s.url, State: s.home.dir}
	for name := range known {
		if strings.HasPrefix(name, tagPrefix) {
			r.Tags++
		} else {
			r.Branches++
		}
	}
	return r
}

// submit makes a delivery and hands it in. id is what it is known by when it is
// handed in again; empty for one that is not.
func (t *tiers) submit(ctx context.Context, tr provide.Trigger, id string) (intake.Receipt, error) {
	g, err := t.rooms.Intake.Open(ctx, sourceName)
	if err != nil {
		return intake.Receipt{}, err
	}
	in, err := t.provider.Trigger(ctx, g.Source, tr)
	if err != nil {
		return intake.Receipt{}, err
	}
	if id != "" {
		in.Header.Set("X-Delivery-Id", id)
	}
	return t.rooms.Intake.Accept(ctx, g, in)
}

// DefaultPort is the orchestrator's everywhere.
const DefaultPort = 4000

// ports is how many are tried, from the default on.
const ports = 20

// listen opens the port that was asked for, or the next free one from the
// default on. Nobody but this machine reaches it.
func listen(port int) (net.Listener, error) {
	try := func(p int) (net.Listener, error) { return net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p)) }
	if port < 0 || port > 65535 {
		return nil, &local.UsageError{Message: fmt.Sprintf("port %d: ports go from 1 to 65535", port)}
	}
	if port > 0 {
		l, err := try(port)
		if err != nil {
			return nil, &local.UsageError{Message: fmt.Sprintf("port %d cannot be used: %v", port, err), Hint: "without --port the next free one from 4000 on is taken"}
		}
		return l, nil
	}
	for p := range ports {
		if l, err := try(DefaultPort + p); err == nil {
			return l, nil
		}
	}
	return try(0)
}
