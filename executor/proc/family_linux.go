package proc

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Family is every process below this one. A process whose parent ends becomes
// our child (we are its "subreaper"), so whatever a command leaves behind can
// be found, however often it forked, whatever session it leads and whatever it
// did to its environment. Its Hosts are used one after the other: what the
// family holds at the end of one is that one's.
//
// All processes of ours must be started by a Host of the family; it takes any
// other child for one that was left behind.
type Family struct {
	// mu guards own, and is held over every fork: what is just being born is
	// nobody's orphan.
	mu  sync.Mutex
	own map[int]*process // commands that are not reaped yet, by pid
}

// Adopt makes this process the one that orphans below it go to. It changes the
// process for good, so it is for the main of a program that does nothing but
// serve jobs. Where a system has no such thing the Family is nil, which is a
// good one too: its Hosts have their cookie alone.
func Adopt() (*Family, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, err
	}
	return &Family{own: map[int]*process{}}, nil
}

// Run reaps orphans as they end, until ctx does. Nobody else would: a step
// that stops its own daemon and waits until it is gone would wait forever.
func (f *Family) Run(ctx context.Context) {
	if f == nil {
		return
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	defer signal.Stop(ended)
	for {
		f.reap()
		select {
		case <-ctx.Done():
			return
		case <-ended:
		}
	}
}

// born starts a command of a Host's.
func (f *Family) born(p *process, start func() (*os.Process, error)) (*os.Process, error) {
	if f == nil {
		return start()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	o, err := start()
	if err == nil {
		f.own[o.Pid] = p
	}
	return o, err
}

// buried takes out a command that its Host has reaped. It may have stood in
// the way of others.
func (f *Family) buried(p *process) {
	if f == nil {
		return
	}
	f.mu.Lock()
	if f.own[p.pid] == p { // the number may be another's already
		delete(f.own, p.pid)
	}
	f.mu.Unlock()
	f.reap()
}

// reap buries orphans that have ended, and reports whether there is any child
// at all. The kernel shows one dead child at a time: a command that its Host
// has yet to reap hides those behind it until it is buried.
func (f *Family) reap() (children bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		pid, err := dead()
		if err != nil {
			return !errors.Is(err, syscall.ECHILD)
		}
		if pid == 0 || f.own[pid] != nil {
			return true
		}
		if _, err := syscall.Wait4(pid, nil, syscall.WNOHANG, nil); err != nil {
			return true
		}
	}
}

// dead names a child that has ended and leaves it as it is; 0 when none has.
func dead() (pid int, err error) {
	var info struct {
		unix.Siginfo
		_ [4]byte // the largest alignment there is
	}
	for {
		err = unix.Waitid(unix.P_ALL, 0, &info.Siginfo, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if err != syscall.EINTR {
			break
		}
	}
	// Three ints, then a union that begins with the pid and is aligned as a pointer.
	const word = unsafe.Sizeof(uintptr(0))
	const at = (3*unsafe.Sizeof(int32(0)) + word - 1) / word * word
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(&info), at))), err
}

// descendant is a process below us, with what decides whose it is.
type descendant struct {
	pid, parent int
	born        uint64 // in ticks since boot
}

// strays finds what descends from commands after since: below a command that
// lives, by that command's number; below an orphan, by its cookie, and when it
// threw that away by its age. since zero means all.
func (f *Family) strays(cookie string, since Mark, marked uint64) []int {
	if !f.reap() {
		return nil
	}
	all := descendants()
	f.mu.Lock()
	defer f.mu.Unlock()
	var pids, next []int
	for _, d := range all[os.Getpid()] {
		p := f.own[d.pid]
		switch {
		case p != nil && p.seq > uint64(since):
			next = append(next, d.pid) // itself is signalled by its group
		case p == nil && f.orphanAfter(d, cookie, since, marked):
			pids, next = append(pids, d.pid), append(next, d.pid)
		}
	}
	for len(next) > 0 {
		parent := next[len(next)-1]
		next = next[:len(next)-1]
		for _, d := range all[parent] {
			pids, next = append(pids, d.pid), append(next, d.pid)
		}
	}
	return pids
}

func (f *Family) orphanAfter(d descendant, cookie string, since Mark, marked uint64) bool {
	if since == 0 {
		return true
	}
	env, _ := environ(strconv.Itoa(d.pid), make([]byte, 16<<10))
	if carries(env, cookie, 0) {
		return carries(env, cookie, uint64(since))
	}
	return d.born >= marked
}

// descendants lists the living processes of the machine by their parents.
// Reading all is what every kernel can do; few have a list per parent.
func descendants() map[int][]descendant {
	all := map[int][]descendant{}
	eachProcess(func(pid int, name string, buf []byte) []byte {
		stat, buf := readProc("/proc/"+name+"/stat", buf)
		if d, ok := parseStat(pid, stat); ok {
			all[d.parent] = append(all[d.parent], d)
		}
		return buf
	})
	return all
}

// parseStat reads a line of /proc/<pid>/stat. Zombies do not count: they are
// gone but for their name.
func parseStat(pid int, stat []byte) (d descendant, ok bool) {
	const state, parent, start = 0, 1, 19 // after the program's name, which may hold anything
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) <= start || string(fields[state]) == "Z" || string(fields[state]) == "X" {
		return d, false
	}
	d.pid = pid
	d.parent, _ = strconv.Atoi(string(fields[parent])) // the kernel's own numbers
	d.born, _ = strconv.ParseUint(string(fields[start]), 10, 64)
	return d, true
}

// ticks is the time in which the kernel tells when a process was born.
func ticks() uint64 {
	const tick = 10_000_000 // ns; user space has seen 100 Hz forever
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0
	}
	return uint64(t.Nano()) / tick
}

// KillTree kills a child of ours and everything below it. The child is stopped
// first: it starts nothing any more, and what its descendants leave behind
// stays below it if it has adopted them.
func KillTree(p *os.Process) error {
	if err := p.Signal(syscall.SIGSTOP); err == nil {
		killBelow(p.Pid)
	}
	return p.Kill()
}

func killBelow(pid int) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range killRounds {
		below := descendantsOf(pid)
		if len(below) == 0 {
			return
		}
		_ = targets{strays: below}.signal(KILL) // what cannot be killed is there in the next round
		<-tick.C
	}
}

func descendantsOf(pid int) (pids []int) {
	all := descendants()
	for next := []int{pid}; len(next) > 0; {
		parent := next[len(next)-1]
		next = next[:len(next)-1]
		for _, d := range all[parent] {
			pids, next = append(pids, d.pid), append(next, d.pid)
		}
	}
	return pids
}
