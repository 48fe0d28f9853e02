//go:build !linux

package cgroup

// Group is a control group of ours; there is none here.
type Group struct{}

// New makes a group of that name.
func New(string, Limits) (*Group, error) { return nil, ErrUnavailable }

// Kills counts the processes of the own group that the kernel has ended for
// want of memory.
func Kills() (uint64, error) { return 0, ErrUnavailable }

// Add puts a process into the group.
func (*Group) Add(int) error { return ErrUnavailable }

// Kills is Kills of another group.
func (*Group) Kills() (uint64, error) { return 0, ErrUnavailable }

// Close kills what is in the group and removes it.
func (*Group) Close() error { return nil }
