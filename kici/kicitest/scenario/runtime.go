package scenario

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// asksFor is where a workflow says which runtime it wants: behind the brace
// that opens its options, on the same line, so that no position moves.
var asksFor = regexp.MustCompile(`(?m)(\bworkflow\(\s*(?:'[^']*'|"[^"]*"|[\w.]+),\s*\{)`)

// OnNode is the pair with workflows that ask for Node; ok is false when its
// files offer no place to say so.
func (p Pair) OnNode(t testing.TB) (on Pair, ok bool) {
	t.Helper()
	on = p
	on.Dir = t.TempDir()
	if err := os.CopyFS(on.Dir, os.DirFS(p.Dir)); err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"workflow.ts", ".kici/workflows/*"} {
		files, err := filepath.Glob(filepath.Join(on.Dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			said := asksFor.ReplaceAll(text, []byte("$1 runtime: 'node',"))
			ok = ok || len(said) != len(text)
			if err := os.WriteFile(file, said, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return on, ok
}
