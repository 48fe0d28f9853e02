//go:build unix

package node_test

import (
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor/js/jstest"
	"github.com/kici-dev/kici-go/executor/js/std"
	"github.com/kici-dev/kici-go/executor/proc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The files run here and, where it is installed, on Node itself.
func TestModules(t *testing.T) {
	t.Parallel()
	host := proc.Open("node-test")
	t.Cleanup(func() {
		if err := host.Close(); err != nil {
			t.Error(err)
		}
	})
	if os.Getenv("PATH") == "" {
		t.Fatal("no PATH")
	}
	jstest.Folder(t, std.Modules(std.Options{Spawner: host}), "testdata/js")
}

func TestMissingPartsSayWhatToDo(t *testing.T) {
	t.Parallel()
	mods := std.Modules(std.Options{})
	for _, script := range []string{
		`require('http')`, `require('worker_threads')`, `require('fs').watch('.')`, `require('crypto').createCipheriv('a')`,
		`require('module').createRequire('/x').resolve('y')`, `require('util').parseEnv('')`,
	} {
		text := string(jstest.Eval(t, mods, `return (() => { try { `+script+`; return 'worked' } catch (e) { return e.message } })()`))
		if !strings.Contains(text, `runtime: 'node'`) {
			t.Errorf("%s: %s", script, text)
		}
	}
}
