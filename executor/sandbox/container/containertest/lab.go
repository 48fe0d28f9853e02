//go:build unix

package containertest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Lab starts what tests need, each thing at most once.
type Lab struct {
	environ []string

	mu      sync.Mutex // guards what follows; held while something starts
	dir     string
	engines map[string]*lively
}

type lively struct {
	address string
	cmd     *exec.Cmd
	err     error
}

// New returns a Lab in which nothing runs yet. environ is the environment of the
// tests: engines get it, and CI=true in it means that they must be there.
func New(environ []string) *Lab { return &Lab{environ: environ, engines: map[string]*lively{}} }

// Kinds are the engines that a suite should be run on.
func Kinds() []string { return []string{"docker", "podman"} }

var errRights = errors.New("the tests' own engines want root")

// Folder is a folder that goes with the Lab.
func (l *Lab) Folder() (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.folder()
}

func (l *Lab) folder() (string, error) {
	if l.dir == "" {
		dir, err := os.MkdirTemp("", "kici-engines-")
		if err != nil {
			return "", err
		}
		l.dir = dir
	}
	return l.dir, nil
}

// Need returns the address of an engine. Without one the test is skipped, and
// fails where the machine is meant to have it.
func (l *Lab) Need(t testing.TB, kind string) string {
	t.Helper()
	e := l.engine(kind)
	if e.err == nil {
		return e.address
	}
	// Rights are not a part that somebody forgot to install.
	if slices.Contains(l.environ, "CI=true") && !errors.Is(e.err, errRights) {
		t.Fatalf("%s: %v", kind, e.err)
	}
	t.Skipf("NOT TESTED on %s: %v", kind, e.err)
	return ""
}

func (l *Lab) engine(kind string) *lively {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.engines[kind]; e != nil {
		return e
	}
	e := &lively{}
	l.engines[kind] = e
	dir, err := l.folder()
	if err != nil {
		e.err = err
		return e
	}
	dir = filepath.Join(dir, kind)
	switch kind {
	case "docker":
		e.address, e.cmd, e.err = docker(dir)
	case "podman":
		e.address, e.cmd, e.err = podman(dir, l.environ)
	default:
		e.err = fmt.Errorf("containertest: %q is no engine", kind)
	}
	if e.err == nil {
		e.err = provision(e.address)
	}
	return e
}

// Close ends the engines and removes what they kept.
func (l *Lab) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for kind, e := range l.engines {
		if e.cmd == nil {
			continue
		}
		_ = e.cmd.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(10*time.Second, func() { _ = e.cmd.Process.Kill() })
		_ = e.cmd.Wait()
		if !timer.Stop() {
			errs = append(errs, fmt.Errorf("containertest: %s did not end", kind))
		}
	}
	if l.dir == "" {
		return errors.Join(errs...)
	}
	// Mounts that an engine leaves would keep the folder.
	if mounts, err := os.ReadFile("/proc/self/mounts"); err == nil {
		for line := range strings.Lines(string(mounts)) {
			if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], l.dir+"/") {
				_ = exec.Command("umount", "-l", f[1]).Run()
			}
		}
	}
	return errors.Join(append(errs, os.RemoveAll(l.dir))...)
}
