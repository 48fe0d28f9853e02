//go:build !linux

package proc

import (
	"context"
	"os"
)

// Family is every process below this one, on Linux. Here there is none: its
// Hosts end what they can see.
type Family struct{}

// Adopt returns nil, which is a good Family.
func Adopt() (*Family, error) { return nil, nil }

// Run returns at once.
func (f *Family) Run(context.Context) {}

func (f *Family) born(_ *process, start func() (*os.Process, error)) (*os.Process, error) {
	return start()
}

func (f *Family) buried(*process) {}

func (f *Family) strays(string, Mark, uint64) []int { return nil }

func ticks() uint64 { return 0 }

// KillTree kills a child of ours. What it started is not known here.
func KillTree(p *os.Process) error { return p.Kill() }
