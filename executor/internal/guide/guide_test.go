package guide

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const page = "# One\n\n```ts\nimport { job } from '@kici-dev/sdk';\nworkflow('a', {});\n```\n\n" +
	"```yaml\n# not a heading\n```\n\n```typescript\nimport { job } from '@kici-dev/sdk';\njob('x', { ... });\n```\n" +
	"## Two ##\n```typescript\nconst x = [...y];\n```\n"

func TestParse(t *testing.T) {
	t.Parallel()
	type row struct {
		Heading               string
		Index, Line           int
		Contained, IsWorkflow bool
	}
	var got []row
	for _, b := range Parse(page) {
		got = append(got, row{b.Heading, b.Index, b.Line, b.SelfContained(), b.DeclaresWorkflow()})
	}
	want := []row{{"One", 0, 3, true, true}, {"One", 1, 12, false, false}, {"Two ##", 0, 17, false, false}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("blocks (-want +got):\n%s", d)
	}
}

func TestSpreadIsNoElision(t *testing.T) {
	t.Parallel()
	b := Block{Code: "import { job } from '@kici-dev/sdk';\nconst a = [...list, 1]; // and so on...\n"}
	if !b.SelfContained() {
		t.Error("a spread was taken for an elision")
	}
}
