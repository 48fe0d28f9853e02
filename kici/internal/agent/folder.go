package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/gofrs/flock"

	"github.com/kici-dev/kici-go/executor/checkout"
)

// own locks the data folder and removes what an agent left there that was
// killed; heir says that there was something.
func (a *Agent) own() (release func() error, heir bool, err error) {
	if err := os.MkdirAll(a.workDir(), 0o700); err != nil {
		return nil, false, fmt.Errorf("agent: %w", err)
	}
	lock := flock.New(filepath.Join(a.config.DataDir, "agent.lock"))
	switch ok, err := lock.TryLock(); {
	case err != nil:
		return nil, false, fmt.Errorf("agent: lock the data folder: %w", err)
	case !ok:
		return nil, false, fmt.Errorf("%w: %s", ErrInUse, a.config.DataDir)
	}
	entries, err := os.ReadDir(a.workDir())
	if err != nil {
		return nil, false, errors.Join(fmt.Errorf("agent: %w", err), lock.Close())
	}
	for _, e := range entries {
		if err := checkout.RemoveAll(filepath.Join(a.workDir(), e.Name())); err != nil {
			a.config.Log.Warn("agent: what an earlier agent left cannot be removed", "err", err)
		}
	}
	if err := checkout.RemoveAll(a.tempDir()); err != nil {
		a.config.Log.Warn("agent: temporary files of an earlier agent cannot be removed", "err", err)
	}
	if err := os.MkdirAll(a.tempDir(), 0o700); err != nil {
		return nil, false, errors.Join(fmt.Errorf("agent: %w", err), lock.Close())
	}
	// No tree of ours borrows from a mirror now, so old ones can go.
	a.trees.Collect(a.config.Now(), mirrorAge)
	return lock.Close, len(entries) > 0, nil
}

// mirrorAge is how long a repository may go unused before it is fetched anew.
const mirrorAge = 30 * 24 * time.Hour

// tempDir is where children have their temporary folders, with secrets that were
// mounted. What one leaves that was killed with its agent is found here; nobody
// would find it in the system's.
func (a *Agent) tempDir() string { return filepath.Join(a.config.DataDir, "tmp") }

func (a *Agent) workDir() string { return filepath.Join(a.config.DataDir, "work") }

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// folder makes the folder of an attempt. Its name comes over the wire.
func (a *Agent) folder(attempt string) (string, error) {
	if !plainName.MatchString(attempt) {
		return "", fmt.Errorf("agent: %q cannot be the name of a folder", attempt)
	}
	// Steps compare paths with what pwd says, which has no links.
	base, err := filepath.EvalSymlinks(a.workDir())
	if err != nil {
		return "", fmt.Errorf("agent: %w", err)
	}
	dir := filepath.Join(base, attempt)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("agent: %w", err)
	}
	return dir, nil
}
