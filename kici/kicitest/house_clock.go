package kicitest

import (
	"time"

	"github.com/kici-dev/kici-go/lockfile/pattern"
)

// keepClock keeps the clock of regular expressions that backtrack going, which
// belongs to the process: the first match that finds it stopped starts it, and
// must not do so in a bubble, whose end it would outlive. It stops by itself a
// second after the last match.
func keepClock() (stop func()) {
	re, err := pattern.CompileRegexp("(?=a)a", "") // looks ahead, so it backtracks
	if err != nil {
		panic(err) // a constant
	}
	match := func() { _, _ = re.Match("a") }
	match()
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				match()
			}
		}
	}()
	return func() {
		close(quit)
		<-gone
	}
}
