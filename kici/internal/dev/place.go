package dev

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/kici-dev/kici-go/kici/internal/local"
)

// place is the folder where the dev of one repository keeps its state.
type place struct{ dir string }

// placeOf is a folder of the user's, named after the project and, since names
// repeat, its path.
func placeOf(repo *repository, environ []string) (place, error) {
	base := lookup(environ, "XDG_STATE_HOME")
	if !filepath.IsAbs(base) { // what is not absolute is to be ignored, says the specification
		home := lookup(environ, "HOME")
		if home == "" {
			home = lookup(environ, "USERPROFILE")
		}
		if home == "" {
			return place{}, &local.UsageError{Message: "there is no place to keep state in", Hint: "set HOME, or XDG_STATE_HOME"}
		}
		base = filepath.Join(home, ".local", "state")
	}
	sum := sha256.Sum256([]byte(repo.home()))
	return place{filepath.Join(base, "kici", "dev", filepath.Base(repo.home())+"-"+hex.EncodeToString(sum[:4]))}, nil
}

func (p place) orchestrator() string { return filepath.Join(p.dir, "orchestrator") }
func (p place) agent() string        { return filepath.Join(p.dir, "agent") }
func (p place) file() string         { return filepath.Join(p.dir, "dev.json") }

// running is what a dev tells others about itself. Who reads it may hand events
// in, so nobody but the user can.
type running struct {
	PID     int       `json:"pid"`
	URL     string    `json:"url"`
	Token   string    `json:"token"`
	Repo    string    `json:"repository"`
	Started time.Time `json:"startedAt"`
}

// RunningError: this repository has a dev already.
type RunningError struct {
	PID int
	URL string // empty while it starts
}

func (e *RunningError) Error() string {
	if e.URL == "" {
		return "another kici dev is starting for this repository"
	}
	return fmt.Sprintf("kici dev runs for this repository already: process %d, %s", e.PID, e.URL)
}

// take makes the place this process's own. The lock goes with the process, so
// one that was killed leaves nothing to clean up but a file that lies.
func (p place) take() (release func() error, err error) {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, fmt.Errorf("dev: %w", err)
	}
	lock := flock.New(filepath.Join(p.dir, "dev.lock"), flock.SetPermissions(0o600))
	switch ok, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("dev: lock %s: %w", p.dir, err)
	case !ok:
		is, err := p.read()
		if err != nil {
			return nil, &RunningError{}
		}
		return nil, &RunningError{PID: is.PID, URL: is.URL}
	}
	if err := p.forget(); err != nil { // of one that was killed
		return nil, errors.Join(err, lock.Close())
	}
	return func() error { return errors.Join(p.forget(), lock.Close()) }, nil
}

func (p place) forget() error {
	if err := os.Remove(p.file()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("dev: %w", err)
	}
	return nil
}

// announce writes the file, whole or not at all.
func (p place) announce(r running) error {
	return write(p.file(), r)
}

// write replaces a file of the user's, who alone may read it.
func write(file string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("dev: %w", err)
	}
	fresh := file + ".new"
	if err := errors.Join(os.WriteFile(fresh, append(text, '\n'), 0o600), os.Rename(fresh, file)); err != nil {
		return fmt.Errorf("dev: %w", err)
	}
	return nil
}

func (p place) read() (*running, error) {
	text, err := os.ReadFile(p.file())
	if err != nil {
		return nil, err
	}
	r := &running{}
	return r, json.Unmarshal(text, r)
}

// packages is the folder of the agent of a Once. It is a temporary one (no name)
// unless the workflows have packages, whose installation is worth keeping, and
// nobody else uses them at the moment.
func packages(repo *repository, environ []string) (dir string, release func() error, err error) {
	none := func() error { return nil }
	if _, err := os.Stat(filepath.Join(repo.kici(), "package.json")); err != nil {
		return "", none, nil
	}
	p, err := placeOf(repo, environ)
	if err != nil { // no home, no keeping
		return "", none, nil
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return "", none, fmt.Errorf("dev: %w", err)
	}
	lock := flock.New(filepath.Join(p.dir, "once.lock"), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return "", none, fmt.Errorf("dev: lock %s: %w", p.dir, err)
	}
	if !ok {
		return "", none, nil
	}
	return filepath.Join(p.dir, "once"), lock.Close, nil
}

func newToken() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}
