package sdk_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/executor/internal/guide"
)

// exempt blocks do not type-check for a reason that lies in the block.
var exempt = map[string]string{}

// missingName is what the checker says about a name that a block uses and
// does not declare: such a block is no file of its own. It names the codes
// exactly, so that a global our stand-in for Node lacks (2580, 2584) fails.
var missingName = regexp.MustCompile(`error TS(2304|2552|18004):`)

// An import of something of the author's own makes a block incomplete too.
var missingModule = regexp.MustCompile(`error TS2307: Cannot find module '(\.[^']*|[^.@'][^']*)'`)

func TestGuideBlocksTypeCheck(t *testing.T) {
	t.Parallel()
	blocks := guide.Load(t)
	for _, with := range []struct {
		name  string
		types bool
	}{{"stand-in for Node", false}, {"@types/node installed", true}} {
		t.Run(with.name, func(t *testing.T) {
			t.Parallel()
			checkBlocks(t, blocks, with.types)
		})
	}
}

func checkBlocks(t *testing.T, blocks []guide.Block, nodeTypes bool) {
	p := newProject(t, nodeTypes)
	tried := map[string]guide.Block{}
	for i, b := range blocks {
		if b.SelfContained() {
			name := fmt.Sprintf("block%03d.ts", i)
			p.write("workflows/"+name, "export {};\n"+b.Code)
			tried[name] = b
		}
	}
	errors := map[string][]string{}
	for _, line := range p.check() {
		file, rest, ok := strings.Cut(line, "(")
		if !ok || !strings.HasPrefix(file, "workflows/") {
			t.Errorf("outside the blocks: %s", line)
			continue
		}
		name := filepath.Base(file)
		errors[name] = append(errors[name], "("+rest)
	}
	incomplete, wrong := 0, 0
	for name, found := range errors {
		b := tried[name]
		text := strings.Join(found, "\n")
		id := fmt.Sprintf("%s#%d", b.Heading, b.Index)
		switch {
		case exempt[id] != "":
			t.Logf("exempt: %s: %s", id, exempt[id])
		case onlyMissing(found):
			incomplete++
			t.Logf("incomplete: %s: %s", id, found[0])
		default:
			wrong++
			t.Errorf("%s (line %d of the guide):\n%s\n%s", id, b.Line, text, b.Code)
		}
	}
	t.Logf("%d TypeScript blocks; %d import the SDK and leave nothing out; of these %d use names they do not declare, %d are wrong",
		len(blocks), len(tried), incomplete, wrong)
	if len(tried) < 40 {
		t.Errorf("only %d blocks were found; is this the guide?", len(tried))
	}
}

// onlyMissing reports whether everything that is wrong comes from a missing
// name. Arguments of an unknown function lose their types (7006) with it.
func onlyMissing(errors []string) bool {
	missing := 0
	for _, e := range errors {
		switch {
		case missingName.MatchString(e) || missingModule.MatchString(e):
			missing++
		case !strings.Contains(e, "error TS7006:"):
			return false
		}
	}
	return missing > 0
}

// TestSourcesTypeCheck checks our own TypeScript, and with surface_check.ts
// that every export is declared with the type it has.
func TestSourcesTypeCheck(t *testing.T) {
	t.Parallel()
	here, err := filepath.Abs("src")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range tsc(t, here) {
		t.Error(line)
	}
}

// A lie about a type must be seen, or the tests above prove nothing.
func TestTypeErrorsAreFound(t *testing.T) {
	t.Parallel()
	p := newProject(t, false)
	p.write("workflows/wrong.ts", strings.Join([]string{
		"import { job, push, step, z } from '@kici-dev/sdk';",
		"push({ branch: 'main' });",
		"job('a', { runsOn: 1, steps: [] });",
		"const s = step('s', { outputs: { n: z.number() }, run: async () => ({ n: 'x' }) });",
		"const t = step('t', async () => ({ version: '1' }));",
		"const n: number = t.result.version;",
	}, "\n"))
	got := strings.Join(p.check(), "\n")
	for _, line := range []int{2, 3, 4, 6} {
		if !strings.Contains(got, fmt.Sprintf("wrong.ts(%d,", line)) {
			t.Errorf("line %d has a type error that was not reported; got:\n%s", line, got)
		}
	}
}
