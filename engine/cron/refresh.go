package cron

import (
	"context"
	"fmt"
	"time"

	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/registry"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/pattern"
)

// refresh brings what is known up to date with the registry. A schedule that is
// gone is forgotten, so that it counts anew when it comes back.
func (s *Scheduler) refresh(ctx context.Context, now time.Time) error {
	ls, err := s.Registry.Listeners(ctx)
	if err != nil {
		return err
	}
	fired, err := s.fired(ctx)
	if err != nil {
		return err
	}
	next, fresh := map[string]*schedule{}, map[string]time.Time{}
	for _, l := range ls {
		for workflow, t := range l.Triggers() {
			if t.Type != lockfile.TriggerSchedule {
				continue
			}
			key := keyOf(l.Source, l.Ref.Repo, workflow, t)
			if next[key] != nil {
				continue
			}
			c := s.known[key]
			if c == nil {
				c = s.schedule(l, key, workflow, t)
				var known bool
				if c.last, known = fired[key]; !known {
					c.last = s.since(l.UpdatedAt, now)
					fresh[key] = c.last
				}
				if c.spec != nil {
					c.next = c.spec.Next(c.last)
				}
			}
			c.routingKey = l.RoutingKey
			next[key] = c
		}
	}
	var gone []string
	for key := range fired {
		if next[key] == nil {
			gone = append(gone, key)
		}
	}
	for key := range s.known {
		if _, listed := fired[key]; next[key] == nil && !listed {
			gone = append(gone, key)
		}
	}
	if err := s.note(ctx, fresh, gone); err != nil {
		return err
	}
	s.known, s.looked = next, now
	return nil
}

// since is from when a new schedule counts: its registration, or the last look, at
// which it was not there (its source was disabled, say).
func (s *Scheduler) since(registered, now time.Time) time.Time {
	switch {
	case registered.Before(s.looked):
		return s.looked
	case registered.After(now):
		return now
	}
	return registered
}

// fired reads what the store holds, when nothing is known.
func (s *Scheduler) fired(ctx context.Context) (fired map[string]time.Time, err error) {
	if s.known != nil {
		return nil, nil
	}
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		fired, err = tx.Schedules().Fired(ctx)
		return err
	})
	return fired, err
}

// note writes down from where new schedules count, and drops old ones.
func (s *Scheduler) note(ctx context.Context, fresh map[string]time.Time, gone []string) error {
	if len(fresh)+len(gone) == 0 {
		return nil
	}
	err := s.store.Tx(ctx, func(tx store.Tx) error {
		for key, at := range fresh {
			if _, err := tx.Schedules().Fire(ctx, key, at); err != nil {
				return err
			}
		}
		return tx.Schedules().Forget(ctx, gone...)
	})
	if err != nil {
		return fmt.Errorf("cron: registrations: %w", err)
	}
	return nil
}

func (s *Scheduler) schedule(l *registry.Listener, key, workflow string, t *lockfile.Trigger) *schedule {
	c := &schedule{key: key, routingKey: l.RoutingKey, of: intake.Schedule{
		Source: l.Source, Repo: l.Ref.Repo, Workflow: workflow, Cron: t.CronExpression, Timezone: t.Timezone,
	}}
	spec, err := pattern.ParseSchedule(t.CronExpression, t.Timezone)
	if err != nil { // compiling refuses it; an old lock file may hold it
		s.log.Warn("a schedule cannot be read and never fires", "repo", l.Ref.Repo, "workflow", workflow, "err", err)
		return c
	}
	c.spec = spec
	return c
}
