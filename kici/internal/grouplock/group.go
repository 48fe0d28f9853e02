package grouplock

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Holder says who stands in a file of the group.
type Holder struct {
	PID       int       `json:"pid"`
	StartedAt time.Time `json:"startedAt"`
	Workflow  string    `json:"workflowName"`
	Group     string    `json:"groupKey"`
	Hostname  string    `json:"hostname"`
}

// group is the set of files of one concurrency group.
type group struct {
	dir    string
	prefix string // hex key, which every file name starts with
}

// openGroup makes the folder (mode 0700: the names tell what a user runs).
// The key is SHA-256 over workflow name, NUL, group.
func openGroup(dir, workflow, name string) (group, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return group{}, fmt.Errorf("grouplock: %w", err)
	}
	sum := sha256.Sum256([]byte(workflow + "\x00" + name))
	return group{dir: dir, prefix: hex.EncodeToString(sum[:])}, nil
}

func (g group) path(suffix string) string { return filepath.Join(g.dir, g.prefix+suffix) }

// take locks one file if nobody else does, and writes who it is now.
func (g group) take(suffix string, h Holder) (*flock.Flock, error) {
	lock := flock.New(g.path(suffix), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil || !ok {
		return nil, err
	}
	data, err := json.Marshal(h)
	if err == nil {
		err = os.WriteFile(g.path(suffix)+".json", data, 0o600)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return lock, nil
}

// living returns the suffixes of files of one kind that somebody holds, sorted,
// with their holders. It removes what the dead left behind.
func (g group) living(kind string, mine *flock.Flock) ([]string, []Holder, error) {
	entries, err := os.ReadDir(g.dir)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, e := range entries {
		suffix, ok := strings.CutPrefix(e.Name(), g.prefix)
		if !ok || !strings.HasPrefix(suffix, kind) || strings.HasSuffix(suffix, ".json") {
			continue
		}
		if mine != nil && mine.Path() == g.path(suffix) || g.held(suffix) {
			names = append(names, suffix)
		}
	}
	slices.Sort(names)
	holders := make([]Holder, len(names))
	for i, n := range names {
		holders[i] = g.holder(n)
	}
	return names, holders, nil
}

// held reports whether another process holds the file. Looking takes the lock
// for a moment; whoever sees it taken then looks again at the next poll.
func (g group) held(suffix string) bool {
	lock := flock.New(g.path(suffix))
	ok, err := lock.TryLock()
	if err != nil || !ok {
		return err == nil
	}
	if strings.HasPrefix(suffix, ticketKind) {
		// Removed under its lock, so that no living ticket can be lost.
		os.Remove(g.path(suffix))
		os.Remove(g.path(suffix) + ".json")
	}
	lock.Unlock()
	return false
}

// holder reads who wrote itself into the file; the zero Holder if unreadable.
func (g group) holder(suffix string) Holder {
	var h Holder
	data, err := os.ReadFile(g.path(suffix) + ".json")
	if err != nil || json.Unmarshal(data, &h) != nil {
		return Holder{}
	}
	return h
}
