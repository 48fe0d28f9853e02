package author_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/kici-dev/kici-go/kici/author"
)

func TestCompile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, ".kici", "workflows", "ci.ts")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	text := `import { workflow, job } from '@kici-dev/sdk';
console.log('loaded in ' + process.env.STAGE);
export default workflow('ci', { jobs: [job('j', { runsOn: 'default', run: async () => {} })] });`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	result, err := author.Compile(context.Background(), author.CompileOptions{Dir: dir, Environ: []string{"STAGE=test"}, Stdout: &out})
	if err != nil || result.Failed() || !result.Written || len(result.Lock.Workflows) != 1 {
		t.Fatalf("%v, %+v", err, result)
	}
	if out.String() != "loaded in test\n" {
		t.Errorf("top-level code printed %q", out.String())
	}
	if _, err := os.Stat(filepath.Join(dir, ".kici", "kici.lock.json")); err != nil {
		t.Error(err)
	}
}
