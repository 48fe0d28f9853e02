package step

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// envFiles are the two files through which commands export to later steps.
type envFiles struct{ env, path string }

// maxEnvFile bounds what is read back: a step that redirects its output into
// $KICI_ENV by mistake must not fill our memory.
const maxEnvFile = 16 << 20

const envFileMode fs.FileMode = 0o600

func newEnvFiles(dir string) envFiles {
	return envFiles{filepath.Join(dir, "env"), filepath.Join(dir, "path")}
}

// reset forgets what an earlier step wrote. Both files exist from the start: a
// step may read them before it appends.
func (f envFiles) reset() error {
	for _, name := range []string{f.env, f.path} {
		// Most steps leave both alone. A file system may take its time to make
		// a file just after one was deleted: ext4 looks at every inode freed
		// in the last seconds.
		if untouched(name) {
			continue
		}
		// Removed first, because a step may have put a link or a pipe there.
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.WriteFile(name, nil, envFileMode); err != nil {
			return err
		}
	}
	return nil
}

func untouched(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && info.Mode() == envFileMode && info.Size() == 0
}

// take reads both files. Lines without "=", or with nothing before it, are
// ignored; paths come in the order in which they are to be found.
func (f envFiles) take() (vars [][2]string, paths []string, err error) {
	lines, err := readLines(f.env)
	if err != nil {
		return nil, nil, err
	}
	for _, line := range lines {
		if k, v, ok := strings.Cut(line, "="); ok && strings.TrimSpace(k) != "" {
			vars = append(vars, [2]string{strings.TrimSpace(k), v})
		}
	}
	paths, err = readLines(f.path)
	return vars, paths, err
}

func readLines(name string) ([]string, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a step may have put a pipe there
		return nil, errors.New("not a regular file: " + filepath.Base(name))
	}
	if info.Size() == 0 {
		return nil, nil
	}
	if info.Size() > maxEnvFile {
		return nil, errors.New("more than 16 MiB were written to it: " + filepath.Base(name))
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out, nil
}
