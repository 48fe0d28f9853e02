package compile

import (
	"context"
	"errors"
	"maps"

	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/js/std"
	"github.com/kici-dev/kici-go/executor/proc"
	"github.com/kici-dev/kici-go/executor/sdk"
)

// Modules is what a workflow file can import while it is compiled: the host
// surface and the SDK. Keep the result: the parsed programs live in it.
func Modules() map[string]js.Module {
	modules := std.Modules(std.Options{Spawner: loadSpawner{}})
	own := map[string]js.Module{}
	for name, body := range sdk.Sources() {
		own[name] = js.Source(js.Lazy(internalName(name), []byte(body)))
	}
	own["zod"] = js.Source(js.Lazy("kici:zod", []byte(sdk.ZodSource())))
	maps.Copy(modules, own)
	return modules
}

// internalName marks a program as ours, so that its frames stay out of what
// authors see.
func internalName(module string) string { return "kici:" + module }

// loadSpawner leads commands of top-level code (a file may ask git for
// something while it loads) to the processes of the VM that loads it. Modules
// are shared by VMs; the VM's own travel in its context.
type loadSpawner struct{}

type loadSpawnerKey struct{}

func (loadSpawner) Start(ctx context.Context, c proc.Command) (proc.Process, error) {
	procs, ok := ctx.Value(loadSpawnerKey{}).(*proc.Host)
	if !ok {
		return nil, errors.New("compile: commands cannot run here")
	}
	return procs.Start(ctx, c)
}
