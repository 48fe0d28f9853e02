package compile_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/compile"
	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/node"
)

const nodeFlow = "import { job, push, step, workflow } from '@kici-dev/sdk';\n" +
	"IMPORTS\n" +
	"export default workflow('w', { on: push(), OPTIONS jobs: [job('j', { runsOn: 'x', steps: [step('s', () => USE)] })] });\n"

// TestRuntime: what a file imports decides what runs it, unless the workflow
// says so.
func TestRuntime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		imports, options, use string
		noNode                bool
		want                  executor.RuntimeName
		reason, problem       string
	}{
		"plain":              {use: "1", want: executor.Embedded},
		"served":             {imports: "import fs from 'node:fs';", use: "fs", want: executor.Embedded},
		"missing":            {imports: "import h from 'node:http2';\nconsole.log(typeof h.connect);", use: "h", want: executor.Node, reason: `imports "http2"`},
		"package":            {imports: "import h from 'needs';", use: "h", want: executor.Node, reason: "node_modules/needs/index.js imports \"dgram\""},
		"says node":          {options: "runtime: 'node',", use: "1", want: executor.Node, reason: "runtime: 'node'"},
		"says node late":     {options: "['runtime']: ('no' + 'de') as 'node',", use: "1", want: executor.Node, reason: "runtime: 'node'"},
		"says embedded":      {imports: "import h from 'node:http2';", options: "runtime: 'embedded',", use: "h", want: executor.Embedded, problem: "http2"},
		"says nonsense":      {options: "runtime: 'deno',", use: "1", problem: "expected 'embedded' or 'node'"},
		"no node":            {imports: "import h from 'needs';", use: "h", noNode: true, problem: `the file needs Node: .kici/node_modules/needs/index.js imports "dgram"`},
		"throws on node":     {imports: "import h from 'node:http2';\nthrow new Error('at load ' + typeof h);", use: "h", problem: "at load object"},
		"exits on node":      {imports: "import h from 'node:http2';\nprocess.kill(process.pid, 'SIGKILL'); await new Promise(() => h);", use: "h", problem: "SIGKILL"},
		"never ends loading": {imports: "import h from 'node:http2';\nfor (;h;);", use: "h", problem: "did not finish loading"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.want == executor.Node || strings.Contains(name, "node") || c.problem != "" {
				needNode(t)
			}
			dir := t.TempDir()
			text := strings.NewReplacer("IMPORTS", c.imports, "OPTIONS", c.options, "USE", c.use).Replace(nodeFlow)
			for file, text := range map[string]string{
				".kici/workflows/a.ts":              text,
				".kici/node_modules/needs/index.js": "module.exports = () => require('dgram').createSocket",
			} {
				file = filepath.Join(dir, file)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			env := js.NewEnv(nil)
			if !c.noNode {
				env.Set("PATH", os.Getenv("PATH"))
			}
			res, err := compile.Compile(context.Background(), compile.Options{Dir: dir, Env: env, LoadTimeout: 3e9})
			if err != nil {
				t.Fatal(err)
			}
			var problems []string
			for _, d := range res.Diagnostics {
				if d.Severity == compile.Error {
					problems = append(problems, d.Message)
				}
			}
			all := strings.Join(problems, "\n")
			if c.problem != "" {
				if !strings.Contains(all, c.problem) {
					t.Errorf("problems %q", all)
				}
				return
			}
			p := res.Program(".kici/workflows/a.ts")
			if all != "" || p == nil || p.Runtime != c.want || !strings.Contains(p.Reason, c.reason) || (p.Reason == "") != (c.reason == "") {
				t.Errorf("%s %q\n%s", p.Runtime, p.Reason, all)
			}
		})
	}
}

func needNode(t *testing.T) {
	t.Helper()
	if _, err := node.Find(os.Environ()); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}
