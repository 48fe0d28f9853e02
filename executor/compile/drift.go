package compile

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"

	"github.com/kici-dev/kici-go/lockfile"
)

// compare tells how the lock on disk differs from the one just made.
func compare(old []byte, readErr error, now *lockfile.File) []Drift {
	if errors.Is(readErr, os.ErrNotExist) {
		return []Drift{{Reason: "there is no lock file yet"}}
	}
	if readErr != nil {
		return []Drift{{Reason: "the lock file cannot be read: " + plainError(readErr)}}
	}
	was, err := lockfile.Parse(old)
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "lockfile: "), "\n")
		return []Drift{{Reason: "the lock file is not usable: " + first}}
	}
	drift := compareWorkflows(was, now)
	if was.LockfileHash != now.LockfileHash {
		drift = append(drift, Drift{Reason: "the package manager's lock file has changed"})
	}
	if len(drift) == 0 {
		drift = append(drift, Drift{Reason: "the lock file was written by another version of kici"})
	}
	return drift
}

func compareWorkflows(was, now *lockfile.File) []Drift {
	var drift []Drift
	for i := range now.Workflows {
		w := &now.Workflows[i]
		before := was.Find(w.Name)
		switch {
		case before == nil:
			drift = append(drift, Drift{w.Name, "is new"})
		case before.Source.File != w.Source.File:
			drift = append(drift, Drift{w.Name, "has moved to " + w.Source.File})
		case before.ContentHash != w.ContentHash:
			drift = append(drift, Drift{w.Name, "has changed (" + w.Source.File + ")"})
		case !sameEntry(before, w):
			drift = append(drift, Drift{w.Name, "compiles to something else, although " + w.Source.File + " did not change"})
		}
	}
	for i := range was.Workflows {
		if name := was.Workflows[i].Name; now.Find(name) == nil {
			drift = append(drift, Drift{name, "is gone"})
		}
	}
	return drift
}

func sameEntry(a, b *lockfile.Workflow) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// reportDrift tells --check what the committed lock lacks.
func (r *run) reportDrift() {
	for _, d := range r.result.Drift {
		code, severity := StaleLockWarning, Warning
		if r.o.Locked {
			code, severity = StaleLock, Error
		}
		r.report.add(Diagnostic{
			Code: code, Severity: severity, File: r.project.Rel(r.project.Lock), Workflow: d.Workflow,
			Message: "the lock file is out of date: " + d.String(),
			Hint:    "run `kici compile" + r.kiciFlag() + "` and commit the result",
		})
	}
}
