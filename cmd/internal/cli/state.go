package cli

import (
	"context"
	"io"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// State is all that a command may know of the process it runs in. A test fills
// it with buffers and a temporary folder; nothing else differs.
type State struct {
	Args   []string          // without the program's name
	Env    map[string]string // a copy; changing it changes no process
	Dir    string            // the working directory, absolute
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Disk   Disk

	OS   string // runtime.GOOS
	User int    // number of the user; 0 is root, -1 where there are none

	StdinTTY  bool
	StdoutTTY bool
	Width     int // columns of the terminal, 0 when there is none
	// Size asks the terminal for its size as it is now; nil when there is none.
	Size func() (width, height int, ok bool)

	// Signals starts the delivery of interrupts and returns how to end it.
	Signals func() (<-chan os.Signal, func())
	// Nudges starts the delivery of what asks a service to empty itself (SIGUSR1);
	// on systems that know no such signal nothing ever comes.
	Nudges func() (<-chan os.Signal, func())
	// Reloads starts the delivery of what asks a service to read its file again
	// (SIGHUP), which without it ends a process.
	Reloads func() (<-chan os.Signal, func())
	// Exec runs a program for its effect (a package manager, a hook tool) with
	// the given standard output and error.
	Exec func(dir string, env []string, stdout, stderr io.Writer, name string, args ...string) error
}

// relaxGC keeps the collector off until the process has grown to what a short
// command needs: most end before, and collecting in between is pure cost (it
// doubled the time of a compile). The first collection ends that.
func relaxGC() {
	const untilBytes, percentAfter = 48 << 20, 150
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(untilBytes)
	runtime.AddCleanup(new(string), func(percent int) {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(math.MaxInt64)
	}, percentAfter)
}

// FromOS is the State of the real process.
func FromOS() *State {
	relaxGC()
	return fromOS()
}

// Resident is FromOS for a service: its collector is left as it is, and what it
// holds is kept from its jobs.
func Resident() *State {
	private()
	return fromOS()
}

func fromOS() *State {
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	s := &State{
		Args: os.Args[1:], Env: environment(os.Environ()), Dir: dir,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Disk:      Disk{dir: dir},
		OS:        runtime.GOOS,
		User:      os.Geteuid(),
		StdinTTY:  term.IsTerminal(int(os.Stdin.Fd())),
		StdoutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		Signals:   interrupts,
		Nudges:    nudges,
		Reloads:   reloads,
		Exec:      execute,
	}
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		s.Width = width
		s.Size = func() (int, int, bool) {
			w, h, err := term.GetSize(int(os.Stdout.Fd()))
			return w, h, err == nil
		}
	}
	return s
}

// At moves a State to another working directory, for tests.
func (s *State) At(dir string) *State {
	s.Dir, s.Disk = dir, Disk{dir: dir}
	return s
}

// Environ is the environment in the form that starts a process.
func (s *State) Environ() []string {
	out := make([]string, 0, len(s.Env))
	for k, v := range s.Env {
		out = append(out, k+"="+v)
	}
	return out
}

// Interactive reports whether a question may be asked: both ends are a
// terminal and CI has not said otherwise.
func (s *State) Interactive() bool {
	return s.StdinTTY && s.StdoutTTY && s.Env["CI"] != "true"
}

// Path makes a path given by the user absolute.
func (s *State) Path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(s.Dir, p)
}

// Shown is the other way round: the shortest way to name an absolute path.
func (s *State) Shown(abs string) string {
	rel, err := filepath.Rel(s.Dir, abs)
	if err != nil || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return abs
	}
	return filepath.ToSlash(rel)
}

func environment(pairs []string) map[string]string {
	out := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		// From the second byte on: Windows keeps names such as "=C:".
		if i := strings.IndexByte(pair[min(1, len(pair)):], '='); i >= 0 {
			out[pair[:i+1]] = pair[i+2:]
		}
	}
	return out
}

func interrupts() (<-chan os.Signal, func()) {
	ch := make(chan os.Signal, 2) // the second Ctrl+C must not be lost while the first is handled
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	return ch, func() { signal.Stop(ch) }
}

// Interruptible ends f when the user does; the error is then ErrInterrupted.
func (s *State) Interruptible(ctx context.Context, f func(ctx context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	signals, quiet := s.Signals()
	defer quiet()
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-signals:
			stop(ErrInterrupted)
		case <-over:
		}
	}()
	err := f(ctx)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
