package author_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/kici/author"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	dir := repository(t, `import { workflow, job, push } from '@kici-dev/sdk';
export default workflow('ci', { on: push({ branches: 'release/*' }), jobs: [job('j', { runsOn: 'x', run: async ({ rawPayload, log }) => log.info(rawPayload!['ref']) })] });
`)
	path := filepath.Join(dir, ".kici", "tests", "events.mjs")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	text := "import { fixture, push } from '@kici-dev/sdk';\nexport const a = fixture('one', () => ({ event: push(), branch: process.env.NAME }));\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := author.Fixtures(context.Background(), author.CompileOptions{Dir: dir, Environ: []string{"NAME=release/7"}})
	if err != nil || set.Err() != nil || len(set.Fixtures) != 1 || set.Fixtures[0].Branch != "release/7" {
		t.Fatalf("%+v %v", set, err)
	}
	var out strings.Builder
	env := append(os.Environ(), "KICI_RUN_DIR="+t.TempDir(), "NAME=release/8")
	res, err := author.RunLocal(context.Background(), author.RunOptions{Dir: dir, Fixture: "o*", Environ: env}, func(e author.RunEvent) {
		if e, ok := e.(author.RunOutput); ok {
			out.Write(e.Data)
		}
	})
	if err != nil || len(res.Workflows) != 1 || !strings.Contains(out.String(), "refs/heads/release/8") {
		t.Errorf("%+v %v: %s", res, err, &out)
	}
	var usage *author.RunUsageError
	for _, o := range []author.RunOptions{{Dir: dir, Fixture: "onne"}, {Dir: dir, Fixture: "one", Event: "push"}, {Dir: dir}} {
		if _, err := author.RunLocal(context.Background(), o, nil); !errors.As(err, &usage) {
			t.Errorf("%q %q: %v", o.Fixture, o.Event, err)
		}
	}
}
