//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

func nudges() (<-chan os.Signal, func()) {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGUSR1)
	return ch, func() { signal.Stop(ch) }
}
