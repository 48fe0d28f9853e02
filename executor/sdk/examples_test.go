package sdk_test

import (
	"os"
	"path/filepath"
	"testing"
)

// The examples are what people copy, so they must satisfy an editor. They are
// checked as one project, because starting TypeScript is most of the time.
func TestExamplesTypeCheck(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob(filepath.Join("..", "..", "examples", "workflows", "*", ".kici"))
	if err != nil || len(folders) < 8 {
		t.Fatalf("found %d examples: %v", len(folders), err)
	}
	p := newProject(t, false)
	for _, folder := range folders {
		name := filepath.Base(filepath.Dir(folder))
		if err := os.CopyFS(filepath.Join(p.dir, "workflows", name), os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range p.check() {
		t.Error(line)
	}
}
