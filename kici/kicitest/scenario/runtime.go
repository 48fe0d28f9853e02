package scenario

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
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
			// Both suites run at once and look for what is left by its command
			// line: theirs must not be ours.
			for _, command := range p.Expect.Processes {
				text = bytes.ReplaceAll(text, []byte(command), []byte(another(command)))
			}
			said := asksFor.ReplaceAll(text, []byte("$1 runtime: 'node',"))
			ok = ok || len(said) != len(text)
			if err := os.WriteFile(file, said, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	on.Expect.Processes = nil
	for _, command := range p.Expect.Processes {
		on.Expect.Processes = append(on.Expect.Processes, another(command))
	}
	return on, ok
}

// another is a command like it: "sleep 4321" becomes "sleep 94321".
func another(command string) string {
	at := strings.LastIndexByte(command, ' ') + 1
	return command[:at] + "9" + command[at:]
}
