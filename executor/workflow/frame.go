package workflow

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/js"
)

// maxSource bounds what is read to show a few lines of it.
const maxSource = 4 << 20

// frameOf shows the author's source around a place, when the file is there.
// Names come from a source map, so they are kept inside the root.
func frameOf(root string, at js.Frame) string {
	if root == "" || at.File == "" || !filepath.IsLocal(filepath.FromSlash(at.File)) {
		return ""
	}
	path := filepath.Join(root, filepath.FromSlash(at.File))
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxSource {
		return ""
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimRight(executor.CodeFrame(data, at.Line, at.Column), "\n")
}
