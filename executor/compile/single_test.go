package compile

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/executor"
)

func TestBundleIsWhatCompileMakes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		".kici/workflows/ci.ts":   "import { workflow, push, job, step } from '@kici-dev/sdk';\nimport { word } from '../word';\nexport default workflow('ci', { on: push(), jobs: [job('a', { runsOn: 'x', steps: [step('s', async ({ $ }) => { await $`echo ${word}`; })] })] });\n",
		".kici/word.ts":           "export const word = 'hello';\n",
		".kici/workflows/node.ts": "import { workflow, push, job, step } from '@kici-dev/sdk';\nimport { connect } from 'node:http2';\nexport default workflow('n', { on: push(), jobs: [job('a', { runsOn: 'x', steps: [step('s', async () => { connect('http://127.0.0.1'); })] })] });\n",
		".kici/workflows/bad.ts":  "import { nothing } from './gone';\nexport default nothing;\n",
	} {
		write(t, dir, name, text)
	}
	for file, runtime := range map[string]executor.RuntimeName{".kici/workflows/ci.ts": executor.Embedded, ".kici/workflows/node.ts": executor.Node} {
		p, err := Bundle(t.Context(), Options{Dir: dir}, file)
		if err != nil {
			t.Fatal(err)
		}
		if p.Entry != file || p.Runtime != runtime || len(p.Code) == 0 || p.Hash == "" {
			t.Errorf("%s: %s, %d bytes, hash %q", p.Entry, p.Runtime, len(p.Code), p.Hash)
		}
		if file == ".kici/workflows/ci.ts" && !bytes.Contains(p.Code, []byte("hello")) {
			t.Error("the helper is not in the bundle")
		}
	}
	for _, file := range []string{".kici/workflows/bad.ts", ".kici/workflows/absent.ts"} {
		_, err := Bundle(t.Context(), Options{Dir: dir}, file)
		var f *Failure
		if !errors.As(err, &f) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
