package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kici-dev/kici-go/executor/compile"
	"github.com/kici-dev/kici-go/executor/deps"
	"github.com/kici-dev/kici-go/kici/internal/localsecret"
	"github.com/kici-dev/kici-go/lockfile"
)

// install makes the packages that workflows import, before these are bundled.
// It runs beside the copying of the tree and mostly finds nothing to do.
func (r *run) install(ctx context.Context) error {
	return Install(ctx, r.project, r.o.Environ, r.typed.secrets, func(line string) { r.observe(Notice{Text: line}) })
}

// Install brings the packages of .kici/package.json to what the package
// manager's lock file says. progress hears a line when that takes work.
func Install(ctx context.Context, project compile.Project, environ []string, typed localsecret.Typed, progress func(string)) error {
	i := installation{project: project, typed: typed}
	_, err := deps.Ensure(ctx, deps.Options{
		Root: project.Root, KiciDir: project.KiciDir, CacheDir: filepath.Join(cacheHome(environ), "kici"),
		Environ: environ, UserAgent: lookup(environ, "npm_config_user_agent"),
		Private: i.secrets, Progress: progress,
	})
	return err
}

// installation knows where the secrets of an install are.
type installation struct {
	project compile.Project
	typed   localsecret.Typed
}

// secrets reads what the workflows say about private registries from the
// committed lock: the workflows themselves may not load before their packages
// are there. Secrets are the local ones.
func (i installation) secrets() ([]deps.Registry, map[string]string, error) {
	text, err := os.ReadFile(i.project.Lock)
	if err != nil {
		return nil, nil, nil // nothing is committed yet
	}
	lock, err := lockfile.Parse(text)
	if err != nil {
		return nil, nil, nil // the compile writes a new one
	}
	var secrets *localsecret.Secrets
	resolve := func(ref string) (string, error) {
		if secrets == nil {
			if secrets, err = localsecret.Load(i.project.KiciDir, i.typed); err != nil {
				return "", err
			}
		}
		environment, key, _ := strings.Cut(ref, ":")
		if v, ok := secrets.For(environment)[key]; ok {
			return v.Text, nil
		}
		return "", fmt.Errorf("local: the install needs the secret %q: add %s to the section [%s] of .kici/.secrets, or give --context %s.%s=…", ref, key, environment, environment, key)
	}
	var registries []deps.Registry
	variables := map[string]string{}
	var errs []error
	for _, w := range lock.Workflows {
		for _, g := range w.Registries {
			token, err := resolve(g.TokenSecret)
			errs = append(errs, err)
			registries = append(registries, deps.Registry{URL: g.URL, Scope: g.Scope, Token: token, AlwaysAuth: g.AlwaysAuth == nil || *g.AlwaysAuth})
		}
		for _, ref := range w.InstallEnv {
			value, err := resolve(ref)
			errs = append(errs, err)
			_, key, _ := strings.Cut(ref, ":")
			variables[key] = value
		}
	}
	return registries, variables, errors.Join(errs...)
}
