package sdk_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/js/jstest"
	"github.com/kici-dev/kici-go/executor/js/std"
	"github.com/kici-dev/kici-go/executor/sdk"
)

// runCases calls everything a module of cases exports, one after the other,
// because outputs live in one scope per program.
const runCases = `
for (const [name, run] of Object.entries(require("cases"))) {
  try { await run(); } catch (e) { throw new Error(name + ": " + (e.stack ?? e)); }
}`

// TestCases runs testdata/cases on our VM and, where it is installed, on Node:
// the SDK must not depend on which of them runs it.
func TestCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/cases/*.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		bodies := sdk.Sources()
		bodies["zod"] = sdk.ZodSource()
		bodies["cases"] = read(t, file)
		bodies["runner"] = "exports.run = async () => {" + runCases + "}"
		bodies["check"] = read(t, "testdata/check.js")
		name := strings.TrimSuffix(filepath.Base(file), ".js")
		t.Run("embedded/"+name, func(t *testing.T) {
			t.Parallel()
			modules := std.Modules(std.Options{})
			for name, body := range bodies {
				modules[name] = js.Source(js.Lazy("kici:"+name, []byte(body)))
			}
			m := jstest.New(t, modules)
			runner, err := m.Require(t.Context(), "runner")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := m.Invoke(t.Context(), runner, "run"); err != nil {
				t.Fatal(err)
			}
		})
		t.Run("node/"+name, func(t *testing.T) {
			t.Parallel()
			runOnNode(t, bodies)
		})
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// nodeHost gives Node what the VM gives: require of bodies, and kici:host.
const nodeHost = `
const bodies = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const loaded = { "kici:host": { callSite: () => undefined } };
function load(name) {
  if (name in loaded) return loaded[name];
  const module = { exports: {} };
  loaded[name] = module.exports;
  new Function("require", "module", "exports", "__native", bodies[name])(load, module, module.exports, {});
  return (loaded[name] = module.exports);
}
load("runner").run().catch((e) => { console.error(e.message); process.exit(1); });
`

func runOnNode(t *testing.T, bodies map[string]string) {
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("SKIPPED, no node")
	}
	input, err := json.Marshal(bodies)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "-e", nodeHost)
	cmd.Stdin = strings.NewReader(string(input))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
