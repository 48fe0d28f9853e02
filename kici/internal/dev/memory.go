package dev

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	provide "github.com/kici-dev/kici-go/engine/provider/local"
	"github.com/kici-dev/kici-go/engine/store"
)

// memory is what a dev leaves for the next one, so that what lands while none runs
// is run once: the refs as they were told, and what was about to be told of them.
type memory struct {
	Refs   refs   `json:"refs"`
	Untold []news `json:"untold,omitempty"`
}

// news is a change, and the id of the delivery that tells it. The id is written
// down before the delivery is made: whoever finds it here asks the store whether
// that still happened.
type news struct {
	ID string `json:"id"`
	change
}

func (p place) memory() string { return filepath.Join(p.dir, "refs.json") }

// recall reads what the dev before left; nil when there was none, or nothing that
// can be read.
func (p place) recall() (*memory, error) {
	text, err := os.ReadFile(p.memory())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	m := &memory{}
	if err == nil {
		err = json.Unmarshal(text, m)
	}
	if err != nil {
		return nil, fmt.Errorf("dev: %s: %w", p.memory(), err)
	}
	return m, nil
}

// watch tells what happens to the repository's refs, what happened while nobody
// watched first. The first dev of a repository begins with what is there.
func (s *server) watch(ctx context.Context, now refs) error {
	m, err := s.home.recall()
	if err != nil {
		s.audience.Notice(fmt.Sprintf("what landed before is not caught up on: %v", err))
	}
	if m == nil {
		m = &memory{Refs: now}
		s.remember(m)
	}
	if n := len(now.since(m.Refs)); n > 0 {
		s.audience.Notice(fmt.Sprintf("%s changed while no kici dev was running here", plural(n, "ref")))
	}
	if err := s.untold(ctx, m); err != nil {
		return err
	}
	s.tell(ctx, m)
	return s.repo.watch(ctx, m.Refs, func(now refs, changes []change) {
		m := &memory{Refs: now}
		for _, c := range changes {
			m.Untold = append(m.Untold, news{newToken(), c})
		}
		s.remember(m)
		s.tell(ctx, m)
	})
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// untold takes out what the dev before handed in without living to note it.
func (s *server) untold(ctx context.Context, m *memory) error {
	if len(m.Untold) == 0 {
		return nil
	}
	var recent []engine.Delivery
	err := s.rooms.Store.View(ctx, func(tx store.Tx) (err error) {
		recent, err = tx.Deliveries().Recent(ctx, s.teller.horizon(), page)
		return err
	})
	if err != nil && ctx.Err() == nil {
		return err
	}
	m.Untold = slices.DeleteFunc(m.Untold, func(n news) bool {
		return slices.ContainsFunc(recent, func(d engine.Delivery) bool { return d.Key == n.ID })
	})
	return nil
}

// tell turns what happened to refs into deliveries. What is not told because this
// process ends is left to the next one.
func (s *server) tell(ctx context.Context, m *memory) {
	if len(m.Untold) == 0 {
		return
	}
	for _, n := range m.Untold {
		_, err := s.submit(ctx, n.event(), n.ID)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.audience.Notice(fmt.Sprintf("%s has changed, and nothing could be made of it: %v", shortRef(n.Ref), err))
		}
	}
	m.Untold = nil
	s.remember(m)
}

func (s *server) remember(m *memory) {
	if err := write(s.home.memory(), m); err != nil {
		s.audience.Notice(fmt.Sprintf("a later kici dev will not know what this one has seen: %v", err))
	}
}

// event is the delivery of a change.
func (c change) event() provide.Trigger {
	t := provide.Trigger{Event: "push", Ref: c.Ref, SHA: c.After, Before: c.Before}
	tag := strings.HasPrefix(c.Ref, tagPrefix)
	switch {
	case c.After == "":
		kind := "branch"
		if tag {
			kind = "tag"
		}
		t = provide.Trigger{Event: "delete:" + kind, Payload: fmt.Appendf(nil, `{"ref":%q,"ref_type":%q}`, shortRef(c.Ref), kind)}
	case tag:
		t.Event = "tag"
	case c.Before == "":
		t.Before = strings.Repeat("0", len(c.After))
	}
	return t
}
