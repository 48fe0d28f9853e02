package sdk_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The examples are what people copy, so they must satisfy an editor.
func TestExamplesTypeCheck(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "examples", "workflows")
	folders, err := filepath.Glob(filepath.Join(root, "*", ".kici"))
	if err != nil || len(folders) < 8 {
		t.Fatalf("found %d examples: %v", len(folders), err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(filepath.Dir(folder)), func(t *testing.T) {
			t.Parallel()
			p := newProject(t, false)
			if _, err := os.Stat(filepath.Join(folder, "package.json")); err == nil { // CopyFS does not overwrite
				if err := os.Remove(filepath.Join(p.dir, "package.json")); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.CopyFS(p.dir, os.DirFS(folder)); err != nil {
				t.Fatal(err)
			}
			if found := p.check(); len(found) > 0 {
				t.Error(strings.Join(found, "\n"))
			}
		})
	}
}
