package compile

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/executor/internal/guide"
)

// TestGuideBlocksCompile compiles every block of the guide that declares a
// workflow and stands on its own, all of them in one project.
func TestGuideBlocksCompile(t *testing.T) {
	t.Parallel()
	repo := newRepo(t, "")
	tried := map[string]guide.Block{}
	for i, b := range guide.Load(t) {
		if b.SelfContained() && b.DeclaresWorkflow() {
			file := fmt.Sprintf(".kici/workflows/block%03d.ts", i)
			write(t, repo, file, b.Code)
			tried[file] = b
		}
	}
	result := run1(t, Options{Dir: repo})
	compiled := len(tried)
	for _, d := range result.Diagnostics {
		b, ok := tried[d.File]
		switch {
		case d.Severity == Warning:
		case d.Code == DuplicateFlow: // two blocks that show the same workflow
		case d.Code == NoExport: // shown as a fragment, or under a name of its own
			compiled--
			t.Logf("exports nothing: %s (line %d)", b.Heading, b.Line)
		case incomplete(d):
			compiled--
			t.Logf("incomplete: %s (line %d): %s", b.Heading, b.Line, d.Message)
		default:
			t.Errorf("%s (%s, line %d of the guide; known: %v):\n%s", d, b.Heading, b.Line, ok, b.Code)
		}
	}
	t.Logf("%d blocks tried, %d compile", len(tried), compiled)
	if compiled < 30 {
		t.Errorf("only %d blocks compile; is this the guide?", compiled)
	}
}

// incomplete tells what a block does not bring along: names it does not declare,
// files and packages of the reader's own.
func incomplete(d Diagnostic) bool {
	return strings.Contains(d.Message, "is not defined") ||
		strings.Contains(d.Message, "is not installed") && !strings.Contains(d.Message, "@kici-dev") ||
		strings.HasPrefix(d.Message, `cannot find ".`)
}

func TestExamplesCompile(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/workflows/*/.kici/workflows/*.ts")
	if err != nil {
		t.Fatal(err)
	}
	projects := map[string]bool{}
	for _, f := range files {
		projects[filepath.Dir(filepath.Dir(filepath.Dir(f)))] = true
	}
	for dir := range projects {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			result := run1(t, Options{Dir: newRepo(t, dir)})
			if len(result.Diagnostics) > 0 {
				t.Error(render(result.Diagnostics))
			}
		})
	}
}
