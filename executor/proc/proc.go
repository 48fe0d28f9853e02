package proc

import (
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// Spawner starts commands. ctx covers the start alone: ending a command is
// Signal's and Terminate's business, because it takes a grace period.
type Spawner interface {
	Start(ctx context.Context, c Command) (Process, error)
}

// Command says what to run.
type Command struct {
	// Args is the argument vector; Args[0] is looked up in the PATH of Env
	// when it holds no slash.
	Args []string
	// Argv0 replaces Args[0] in what the child sees; empty keeps it.
	Argv0 string
	Dir   string
	Env   []string
	// Stdin asks for a pipe to the child; without it the child reads end of file.
	Stdin bool
	// Stdout and Stderr get the child's bytes; nil discards them. Both may be
	// written at the same time from two goroutines. An *os.File is handed to
	// the child itself, and is the caller's to close.
	Stdout, Stderr io.Writer
	// Extra are further descriptors of the child, from 3 on; the caller closes
	// them. Windows knows no such thing.
	Extra []*os.File
}

// Process is a started command.
type Process interface {
	Pid() int
	// Stdin is the pipe asked for in the command, else nil.
	Stdin() io.WriteCloser
	// Signal reaches the command's whole group; ErrFinished when it is over.
	Signal(s Signal) error
	// StopOutput closes our end of a stream (1 or 2): the child's next write
	// to it fails as it does when the reader of a shell pipe goes away.
	StopOutput(stream int)
	// Wait returns when the command is over. Any number may wait.
	Wait() Exit
}

// Exit is how a command ended: by itself with Code, or by Signal.
type Exit struct {
	Code     int
	Signal   Signal // empty unless a signal ended it
	Duration time.Duration
}

// Signal is a POSIX name, "SIGTERM": numbers differ between systems and
// workflows speak names.
type Signal string

// The signals this room sends by itself.
const (
	TERM Signal = "SIGTERM"
	KILL Signal = "SIGKILL"
)

var (
	// ErrFinished: the command is over, nothing was signalled.
	ErrFinished = errors.New("proc: process already finished")
	// ErrClosed: the Host takes no more commands.
	ErrClosed = errors.New("proc: host is closed")
	// ErrSignal: the name is no signal of this system.
	ErrSignal = errors.New("proc: unknown signal")
)

// StartError says which command could not be started and why; Err is what
// the system said, so errors.Is(err, fs.ErrNotExist) works.
type StartError struct {
	File string
	Dir  string
	Err  error
}

func (e *StartError) Error() string { return "proc: start " + e.File + ": " + e.Err.Error() }
func (e *StartError) Unwrap() error { return e.Err }
