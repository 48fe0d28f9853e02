package kicitest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
)

// T is what this package needs of a test. *testing.T, *testing.B and
// *testing.F have it; [Outside] makes one for programs that are no tests.
type T interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	TempDir() string
	Cleanup(func())
}

// Program is a [T] outside of `go test`: an example, a tool that tries out
// workflows, a REPL. What a test would report it writes.
type Program struct {
	w io.Writer

	mu      sync.Mutex // guards what follows, and w
	failed  bool
	cleanup []func()
}

var _ T = (*Program)(nil)

// ErrFatal is what [Program.Fatalf] panics with, wrapped: there is no test
// that could end instead.
var ErrFatal = errors.New("kicitest: the program cannot go on")

// Outside returns a T that writes to w. Its Close removes what was made.
func Outside(w io.Writer) *Program { return &Program{w: w} }

// Close runs the clean-up functions, newest first.
func (p *Program) Close() {
	p.mu.Lock()
	todo := p.cleanup
	p.cleanup = nil
	p.mu.Unlock()
	for _, f := range slices.Backward(todo) {
		f()
	}
}

// Failed reports whether anything was reported as an error.
func (p *Program) Failed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// Helper implements T; there are no line numbers to correct.
func (p *Program) Helper() {}

// Logf writes a line.
func (p *Program) Logf(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = fmt.Fprintf(p.w, format+"\n", args...) // there is nobody to tell about a broken writer
}

// Errorf writes a line and remembers the failure.
func (p *Program) Errorf(format string, args ...any) {
	p.Logf(format, args...)
	p.mu.Lock()
	p.failed = true
	p.mu.Unlock()
}

// Fatalf is Errorf, and panics with [ErrFatal].
func (p *Program) Fatalf(format string, args ...any) {
	p.Errorf(format, args...)
	panic(fmt.Errorf("%w: %s", ErrFatal, fmt.Sprintf(format, args...)))
}

// Cleanup keeps f for Close.
func (p *Program) Cleanup(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cleanup = append(p.cleanup, f)
}

// TempDir makes a folder that Close removes.
func (p *Program) TempDir() string {
	dir, err := os.MkdirTemp("", "kicitest-")
	if err != nil {
		p.Fatalf("kicitest: %v", err)
	}
	p.Cleanup(func() { _ = os.RemoveAll(dir) }) // what cannot be removed stays in the system's temporary folder
	return dir
}
