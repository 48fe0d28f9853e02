//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

func nudges() (<-chan os.Signal, func())  { return hear(syscall.SIGUSR1) }
func reloads() (<-chan os.Signal, func()) { return hear(syscall.SIGHUP) }

func hear(sig os.Signal) (<-chan os.Signal, func()) {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, sig)
	return ch, func() { signal.Stop(ch) }
}
