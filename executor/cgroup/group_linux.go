package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Group is a control group of ours.
type Group struct {
	dirs []string // one in each hierarchy
}

// period is the time over which the share of a processor is counted.
const period = 100_000 // µs

func current() (map[string]tree, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return trees(string(mounts), string(own), func(mount string) []string {
		text, err := os.ReadFile(path.Join(mount, "cgroup.controllers"))
		if err != nil {
			return nil
		}
		return strings.Fields(string(text))
	}), nil
}

// New makes a group of that name, which must be new on this machine.
func New(name string, l Limits) (*Group, error) {
	if name == "" || strings.ContainsAny(name, "/\x00") {
		return nil, fmt.Errorf("cgroup: bad name %q", name)
	}
	all, err := current()
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{"memory": l.Memory > 0, "cpu": l.CPUs > 0, "pids": l.PIDs > 0}
	g := &Group{}
	var second []string // controllers of version 2 share a folder
	for _, c := range controllers() {
		t, ok := all[c]
		switch {
		case !wanted[c]:
			continue
		case !ok:
			err = fmt.Errorf("%w: the machine has no %s controller", ErrUnavailable, c)
		case t.version == 2:
			second = append(second, c)
		default:
			err = g.makeFirst(c, path.Join(t.own, name), l)
		}
		if err != nil {
			return nil, errors.Join(err, g.Close())
		}
	}
	if len(second) > 0 {
		if err := g.makeSecond(all[second[0]], name, second, l); err != nil {
			return nil, errors.Join(err, g.Close())
		}
	}
	return g, nil
}

// make is a folder, which is what makes a group.
func (g *Group) make(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if !slices.Contains(g.dirs, dir) { // cpu and others may be mounted together
		g.dirs = append(g.dirs, dir)
	}
	return nil
}

func (g *Group) makeFirst(controller, dir string, l Limits) error {
	if err := g.make(dir); err != nil {
		return err
	}
	switch controller {
	case "memory":
		if err := put(dir, "memory.limit_in_bytes", l.Memory); err != nil {
			return err
		}
		// Swap is counted only where the kernel was asked to.
		if _, err := os.Stat(path.Join(dir, "memory.memsw.limit_in_bytes")); err == nil {
			return put(dir, "memory.memsw.limit_in_bytes", l.Memory)
		}
		return nil
	case "cpu":
		return errors.Join(put(dir, "cpu.cfs_period_us", period), put(dir, "cpu.cfs_quota_us", max(1000, int64(l.CPUs*period))))
	default:
		return put(dir, "pids.max", l.PIDs)
	}
}

// makeSecond looks for the nearest ancestor that can have children with limits.
func (g *Group) makeSecond(t tree, name string, needed []string, l Limits) error {
	err := fmt.Errorf("%w: no group above ours hands down %s", ErrUnavailable, strings.Join(needed, ", "))
	for dir := t.own; strings.HasPrefix(dir, t.mount); dir = path.Dir(dir) {
		if !handsDown(dir, needed) {
			continue
		}
		if merr := g.make(path.Join(dir, name)); merr != nil {
			err = merr
			continue
		}
		return setSecond(path.Join(dir, name), l)
	}
	return err
}

func handsDown(dir string, needed []string) bool {
	file := path.Join(dir, "cgroup.subtree_control")
	has := func() bool {
		text, err := os.ReadFile(file)
		have := strings.Fields(string(text))
		return err == nil && !slices.ContainsFunc(needed, func(c string) bool { return !slices.Contains(have, c) })
	}
	if has() {
		return true
	}
	// The kernel refuses this for a group with processes, and for others'.
	_ = os.WriteFile(file, []byte("+"+strings.Join(needed, " +")), 0)
	return has()
}

func setSecond(dir string, l Limits) error {
	var errs []error
	if l.Memory > 0 {
		errs = append(errs, put(dir, "memory.max", l.Memory))
		if _, err := os.Stat(path.Join(dir, "memory.swap.max")); err == nil {
			errs = append(errs, put(dir, "memory.swap.max", 0))
		}
	}
	if l.CPUs > 0 {
		errs = append(errs, write(path.Join(dir, "cpu.max"), fmt.Sprintf("%d %d", max(1000, int64(l.CPUs*period)), period)))
	}
	if l.PIDs > 0 {
		errs = append(errs, put(dir, "pids.max", l.PIDs))
	}
	return errors.Join(errs...)
}

func put(dir, file string, v int64) error {
	return write(path.Join(dir, file), strconv.FormatInt(v, 10))
}

func write(file, text string) error {
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// Add puts a process into the group, with all its threads.
func (g *Group) Add(pid int) error {
	for _, dir := range g.dirs {
		if err := put(dir, "cgroup.procs", int64(pid)); err != nil {
			return err
		}
	}
	return nil
}

// Kills counts the processes of the group that the kernel has ended for want
// of memory.
func (g *Group) Kills() (uint64, error) {
	for _, dir := range g.dirs {
		if n, err := kills(dir); err == nil {
			return n, nil
		}
	}
	return 0, ErrUnavailable
}

// Kills is Group.Kills of the group that this process is in.
func Kills() (uint64, error) {
	all, err := current()
	if err != nil {
		return 0, err
	}
	return kills(all["memory"].own)
}

func kills(dir string) (uint64, error) {
	for _, file := range []string{"memory.events", "memory.oom_control"} {
		text, err := os.ReadFile(path.Join(dir, file))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) == 2 && f[0] == "oom_kill" {
				return strconv.ParseUint(f[1], 10, 64)
			}
		}
	}
	return 0, fmt.Errorf("%w: %s counts no kills", ErrUnavailable, dir)
}

// removal bounds how long killed processes may take to be gone.
const removal = 5 * time.Second

// Close kills what is in the group and removes it. It may be called twice.
func (g *Group) Close() error {
	deadline := time.Now().Add(removal)
	var errs []error
	for _, dir := range g.dirs {
		err := remove(dir)
		for wait := time.Millisecond; errors.Is(err, syscall.EBUSY) && time.Now().Before(deadline); wait = min(2*wait, 50*time.Millisecond) {
			kill(dir)
			<-time.After(wait) // a killed process leaves its group when it is reaped
			err = remove(dir)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("cgroup: remove: %w", err))
		}
	}
	g.dirs = nil
	return errors.Join(errs...)
}

func remove(dir string) error {
	// Not os.Remove, which would try to unlink a folder first.
	err := syscall.Rmdir(dir)
	if errors.Is(err, syscall.ENOENT) {
		return nil
	}
	return err
}

func kill(dir string) {
	if os.WriteFile(path.Join(dir, "cgroup.kill"), []byte("1"), 0) == nil {
		return
	}
	text, err := os.ReadFile(path.Join(dir, "cgroup.procs"))
	if err != nil {
		return
	}
	for f := range strings.FieldsSeq(string(text)) {
		if pid, err := strconv.Atoi(f); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
