package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Files that a run leaves in its folder: what was seen, one event a line, as it
// happens; and in the end what was stored, with what the history needs besides.
const (
	historyFile  = "history.jsonl"
	snapshotFile = "snapshot.json"
)

// kept is the content of the second.
type kept struct {
	Expect   map[string][]string
	Foreign  bool
	Snapshot *Snapshot
}

// keep writes down what was judged, beside the history.
func (r *Report) keep(dir string) error {
	text, err := json.MarshalIndent(kept{r.History.Expect, r.History.Foreign, r.Snapshot}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, snapshotFile), text, 0o600)
}

// Judge checks a run again, from what it has left in its folder.
func Judge(dir string) (*Report, error) {
	text, err := os.ReadFile(filepath.Join(dir, snapshotFile))
	if err != nil {
		return nil, err
	}
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, fmt.Errorf("chaos: %s: %w", snapshotFile, err)
	}
	if k.Snapshot == nil {
		return nil, fmt.Errorf("chaos: %s holds no snapshot", snapshotFile)
	}
	file, err := os.Open(filepath.Join(dir, historyFile))
	if err != nil {
		return nil, err
	}
	events, err := ReadEvents(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	r := &Report{History: &History{Expect: k.Expect, Foreign: k.Foreign, Events: events}, Snapshot: k.Snapshot}
	r.Violations = Check(r.History, r.Snapshot)
	return r, nil
}
