package proc

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Terminate ends every command started after since, with everything these
// started: TERM, then KILL for what is left after grace. It returns when all
// are gone, or the reason why some are not (another user's process, say). ctx
// shortens the grace, not the kill.
func (h *Host) Terminate(ctx context.Context, since Mark, grace time.Duration) error {
	until, settled := h.settled(since)
	if settled {
		return nil
	}
	marked := h.markedAt(since)
	err := terminate(ctx, grace, func() targets {
		t := targets{known: h.since(since)}
		if h.family != nil {
			t.strays = h.family.strays(h.cookie, since, marked)
		} else {
			t.strays = strays(h.cookie, uint64(since))
		}
		return t
	})
	if err == nil && since == 0 {
		h.settle(until)
	}
	return err
}

// settled spares the look at every process of the machine, which takes
// milliseconds, when nothing was started since one that found nothing. until
// is how far a look from now on sees.
func (h *Host) settled(since Mark) (until uint64, settled bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.starts > 0 { // a fork may slip through between the look and the answer
		return 0, false
	}
	return h.seq, h.seq <= uint64(since) || h.seq == h.clean && len(h.live) == 0
}

// settle remembers that everything up to a command is gone: who has gone
// starts nothing any more.
func (h *Host) settle(until uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clean = max(h.clean, until)
}

// Sweep ends what a dead child process of ours left behind: everything on
// this machine that carries the cookie. Only Linux can look.
func Sweep(ctx context.Context, cookie string, grace time.Duration) error {
	return terminate(ctx, grace, func() targets { return targets{strays: strays(cookie, 0)} })
}

// targets is what to end: commands by their groups, strays by their ids.
type targets struct {
	known  []*process
	strays []int
}

func (t targets) signal(s Signal) error {
	var errs []error
	note := func(err error) {
		if err != nil && !errors.Is(err, ErrFinished) {
			errs = append(errs, err)
		}
	}
	for _, p := range t.known {
		note(p.group.signal(s))
	}
	for _, pid := range t.strays {
		note(signalOne(pid, s))
	}
	return errors.Join(errs...)
}

// alive counts what still runs. A known command whose leader has gone counts
// by its group; its strays are in the list of strays.
func (t targets) alive() int {
	n := len(t.strays)
	for _, p := range t.known {
		if p.group.alive() {
			n++
		}
	}
	return n
}

// killRounds bounds the second half: a process in uninterruptible sleep (a
// dead network disk) cannot be killed by anybody.
const (
	killRounds = 200
	round      = 10 * time.Millisecond
)

func terminate(ctx context.Context, grace time.Duration, find func() targets) error {
	t := find()
	if t.alive() == 0 {
		return nil
	}
	if grace > 0 {
		_ = t.signal(TERM) // what cannot be asked will be told below, and reported there
		limit := time.NewTimer(grace)
		defer limit.Stop()
		if waitGone(ctx, limit.C, find) {
			return nil
		}
	}
	var err error
	tick := time.NewTicker(round)
	defer tick.Stop()
	for range killRounds {
		if t = find(); t.alive() == 0 {
			return nil
		}
		if err = t.signal(KILL); err != nil && errors.Is(err, errNotOurs) {
			break
		}
		<-tick.C
	}
	return fmt.Errorf("proc: %d processes could not be ended: %w", t.alive(), orStuck(err))
}

func waitGone(ctx context.Context, limit <-chan time.Time, find func() targets) bool {
	tick := time.NewTicker(round)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-limit:
			return false
		case <-tick.C:
			if find().alive() == 0 {
				return true
			}
		}
	}
}

func orStuck(err error) error {
	if err == nil {
		return errors.New("still running after SIGKILL")
	}
	return err
}

// belongs reads a cookie value: ours, and of a command after since?
func belongs(value, cookie string, since uint64) bool {
	c, n, ok := strings.Cut(value, ":")
	if !ok || c != cookie {
		return false
	}
	seq, err := strconv.ParseUint(n, 10, 64)
	return err == nil && seq > since
}
