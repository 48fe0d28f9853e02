package service

import (
	"context"
	"slices"
	"time"
)

// calm is how long signals are collected: editors and tools that deploy often send
// several.
const calm = 500 * time.Millisecond

// reloading reads the file again whenever a signal asks for it, until ctx ends. The
// channel is closed when nothing of that is left.
func (p program) reloading(ctx context.Context, a *app, file string) <-chan struct{} {
	signals, quiet := a.Reloads()
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer quiet()
		now := a.s
		for {
			select {
			case <-signals:
			case <-ctx.Done():
				return
			}
			select {
			case <-time.After(calm):
			case <-ctx.Done():
				return
			}
			select {
			case <-signals:
			default:
			}
			now = p.reload(a, file, now)
		}
	}()
	return over
}

// reload compares the settings with those that were read last, and gives those
// that are to be compared with next. A file that is wrong changes nothing. What
// takes part in how the service was put together waits for the next start, and the
// log names it.
func (p program) reload(a *app, file string, last *settings) *settings {
	fresh := &app{State: a.State, table: a.table, s: a.table.load(a.State, file), log: a.log}
	p.check(fresh)
	if err := a.table.configError(fresh.s); err != nil {
		a.log.Error("the settings were read again and are wrong; nothing was changed", "err", err)
		return last
	}
	var later []string
	for name, at := range fresh.s.values {
		switch {
		case at.value == last.values[name].value:
		case name == "KICI_LOG_LEVEL":
			a.level.Set(levelOf(fresh.s))
		default:
			later = append(later, name)
		}
	}
	slices.Sort(later)
	for _, w := range fresh.s.warnings {
		a.log.Warn(w)
	}
	a.log.Info("the settings were read again", "logLevel", a.level.Level().String())
	if len(later) > 0 {
		a.log.Warn("settings that were changed take effect when the service is started again", "settings", later)
	}
	return fresh.s
}
