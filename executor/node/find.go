package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Oldest is the oldest major version of Node that jobs run on.
const Oldest = 20

// ErrMissing: there is no Node on this machine.
var ErrMissing = errors.New("there is no node in the PATH: install Node 20 or newer")

// Find looks for Node in the PATH of an environment.
func Find(environ []string) (string, error) {
	for i := len(environ) - 1; i >= 0; i-- {
		path, ok := strings.CutPrefix(environ[i], "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(path) {
			file := filepath.Join(dir, "node")
			if info, err := os.Stat(file); filepath.IsAbs(dir) && err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
				return file, nil
			}
		}
		break
	}
	return "", ErrMissing
}

// checkVersion refuses a Node that is too old.
func checkVersion(version string) error {
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err == nil && n >= Oldest {
		return nil
	}
	return fmt.Errorf("node: this is Node %s; jobs need Node %d or newer", version, Oldest)
}
