package checkout

import (
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// Retention is how long a kept copy may lie around.
const Retention = 72 * time.Hour

var leftover = regexp.MustCompile(`^` + namePrefix + `[0-9a-f]{6}$`)

// Collect removes copies in base that are older than Retention. What cannot be
// removed belongs to somebody else and is passed over.
func Collect(base string, now time.Time) {
	if base == "" {
		base = os.TempDir()
	}
	entries, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !leftover.MatchString(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err == nil && now.Sub(info.ModTime()) > Retention {
			_ = RemoveAll(filepath.Join(base, e.Name()))
		}
	}
}
