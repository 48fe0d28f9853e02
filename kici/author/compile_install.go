package author

import (
	"context"
	"os"

	"github.com/kici-dev/kici-go/executor/compile"
	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/kici/internal/local"
	"github.com/kici-dev/kici-go/kici/internal/localsecret"
	"github.com/kici-dev/kici-go/lockfile"
)

// reinstall brings the packages of .kici up to date when the package manager's
// lock file has changed since the last compile: workflows would otherwise be
// bundled with packages that nobody asked for any more. A project that was
// never compiled, or has no such file, is left alone.
func (o CompileOptions) reinstall(ctx context.Context) error {
	project, err := compile.Locate(o.Dir, o.KiciDir)
	if err != nil {
		return nil // the compile says it, with a code and a place
	}
	text, err := os.ReadFile(project.Lock)
	if err != nil {
		return nil
	}
	last, err := lockfile.Parse(text)
	if err != nil || last.LockfileHash == "" {
		return nil
	}
	agent, _ := js.ParseEnv(o.Environ).Get("npm_config_user_agent")
	if now := compile.PackageLockHash(project.Root, agent); now == "" || now == last.LockfileHash {
		return nil
	}
	return local.Install(ctx, project, o.Environ, localsecret.Typed{}, func(line string) {
		if o.Stderr != nil {
			_, _ = o.Stderr.Write([]byte(line + "\n"))
		}
	})
}
