package agent

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// DriftError: the lock file was made of other sources than the commit has.
type DriftError struct {
	File         string // the workflow
	Locked, Here string // content hashes
}

func (e *DriftError) Error() string {
	return fmt.Sprintf("lock file is out of date: %s was changed without regenerating kici.lock.json (the lock file says %s, the source is %s, compile schema %d); run `kici compile` and commit the result",
		e.File, short(e.Locked), short(e.Here), lockfile.CompileSchemaVersion)
}

func short(hash string) string { return hash[:min(len(hash), 12)] }

// maxHashed bounds a file that is hashed.
const maxHashed = 64 << 20

// checkDrift compares the sources below root with the content hash of the lock
// file. Lock files of before there was one pass.
func checkDrift(root string, spec *jobspec.Spec) error {
	if spec.ContentHash == "" {
		return nil
	}
	dir, err := os.OpenRoot(root)
	if err != nil {
		return fmt.Errorf("agent: %w", err)
	}
	defer dir.Close()
	source, err := readWithin(dir, spec.Source.File)
	if err != nil {
		return &DriftError{File: spec.Source.File, Locked: spec.ContentHash, Here: "missing"}
	}
	assets := make([]lockfile.Asset, len(spec.HashFiles))
	for i, name := range spec.HashFiles {
		// A file that cannot be read counts by its name alone, as in a compile.
		content, _ := readWithin(dir, name)
		assets[i] = lockfile.Asset{Path: name, Content: content}
	}
	if here := lockfile.WorkflowHash(source, lockfile.AssetDigest(assets)); here != spec.ContentHash {
		return &DriftError{File: spec.Source.File, Locked: spec.ContentHash, Here: here}
	}
	return nil
}

// readWithin reads a regular file of the tree, whatever links it holds: the
// names come from a lock file, which nobody has to trust.
func readWithin(dir *os.Root, name string) ([]byte, error) {
	f, err := dir.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxHashed {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrInvalid)
	}
	return io.ReadAll(f)
}
