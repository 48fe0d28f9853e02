package runner

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// ChildArg is the argument by which a program knows that it is a child.
const ChildArg = "__kici_child__"

// DepthName is the environment variable that counts children of children. A
// child never starts another: a program that does would start itself forever.
const DepthName = "KICI_CHILD_DEPTH"

// handshake is how long a child may take to say hello.
const handshake = 2 * time.Second

var (
	// ErrHandshake: the program started as a child did not behave like one.
	ErrHandshake = errors.New("runner: the child process did not answer; call kici.ServeChild first in main, or set a child command")
	// ErrNested: this process is itself a child.
	ErrNested = errors.New("runner: a child process may not start children; is kici.ServeChild called before everything else in main?")
	// ErrClosed: the pool is closed.
	ErrClosed = errors.New("runner: pool is closed")
)

// Command says how to start a child.
type Command struct {
	// Args is the program and its arguments; empty means the own binary.
	// An argument that says what kind of child it is gets appended.
	Args []string
	// Environ is the environment of this process, KEY=VALUE.
	Environ []string
	// Handshake is the time a child has to answer; zero means two seconds.
	Handshake time.Duration
}

func (c Command) argv(arg string) ([]string, error) {
	args := c.Args
	if len(args) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("runner: find the own binary: %w", err)
		}
		args = []string{self}
	}
	return append(args[:len(args):len(args)], arg), nil
}

// environ is what a child gets: everything, because a child filters what its
// steps may see, and the depth.
func (c Command) environ() ([]string, error) {
	out := make([]string, 0, len(c.Environ)+1)
	for _, kv := range c.Environ {
		if v, ok := strings.CutPrefix(kv, DepthName+"="); ok {
			if n, err := strconv.Atoi(v); err != nil || n > 0 {
				return nil, ErrNested
			}
			continue
		}
		out = append(out, kv)
	}
	return append(out, DepthName+"=1"), nil
}

// IsChild tells from a program's arguments whether it was started as a child.
func IsChild(args []string) bool {
	return len(args) > 1 && args[len(args)-1] == ChildArg
}
