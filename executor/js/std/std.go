package std

import (
	"maps"
	"net/http"
	"strings"

	"github.com/dop251/goja"

	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/js/std/child"
	"github.com/kici-dev/kici-go/executor/js/std/node"
	"github.com/kici-dev/kici-go/executor/js/std/shell"
	"github.com/kici-dev/kici-go/executor/js/std/web"
	"github.com/kici-dev/kici-go/executor/proc"
)

// Options are the live things modules need from outside. The zero value is
// good.
type Options struct {
	Client *http.Client // what fetch uses; default: a client of its own without cookies

	// Spawner starts the commands of $ and child_process. Without one they
	// fail with a clear error. Whoever made it ends what it started.
	Spawner proc.Spawner
	// Captured bounds what is kept of each stream of a command; default 64 MiB.
	Captured int
}

// Modules returns every built-in module by its bare name. Each line brings one
// group; a later one wins where names meet.
func Modules(o Options) map[string]js.Module {
	all := map[string]js.Module{}
	maps.Copy(all, web.Modules(o.Client))
	commands := child.Options{Spawner: o.Spawner, Limit: o.Captured}
	all["kici:shell"] = shell.Module(commands)
	maps.Copy(all, node.Modules(commands, []string{"console", "events", "perf_hooks", "process", "timers", "timers/promises", "url"}))
	for name, m := range all {
		if !strings.HasPrefix(name, "kici:") {
			all[name] = importable(m)
		}
	}
	return all
}

// importable makes the default import of a built-in the built-in, as on Node:
// bundled code sees __esModule and asks for a default that our own modules,
// written as ES modules, do not have.
func importable(m js.Module) js.Module {
	return js.ModuleFunc(func(h js.Host) (js.Exports, error) {
		v, err := m.Instance(h)
		if err != nil {
			return nil, err
		}
		o, ok := v.(*goja.Object)
		if !ok || o.Get("default") != nil {
			return v, nil
		}
		return v, o.DefineDataProperty("default", o, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	})
}

// Absent names the modules of Node that only a real Node has. Modules serves
// them too, with an error that says so when they are required.
func Absent() []string { return node.NeedsNode() }
