package agent

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path"
	"path/filepath"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/compile"
	"github.com/kici-dev/kici-go/executor/deps"
)

// bundle finds or makes the program of the job's workflow.
func (p *performance) bundle(ctx context.Context) error {
	as := &p.job.a
	file := path.Clean(as.Spec.Source.File)
	key := programKey{url: as.Source.URL, sha: as.Source.SHA, entry: file, scope: p.scope()}
	installed := false
	program, err := p.agent.programs.get(ctx, key, func() (*executor.Program, bool, error) {
		installed = true
		if err := p.install(ctx); err != nil {
			return nil, false, err
		}
		made, err := compile.Bundle(ctx, p.compileOptions(), file)
		if err != nil {
			return nil, false, err
		}
		// A bundle that names its folder (import.meta) is of no use elsewhere.
		return made, !bytes.Contains(made.Code, []byte(p.tree)), nil
	})
	if err != nil {
		return err
	}
	p.program = program
	// Node loads CommonJS packages from node_modules while the job runs.
	if program.Runtime == executor.Node && !installed {
		return p.install(ctx)
	}
	return nil
}

func (p *performance) compileOptions() compile.Options {
	return compile.Options{Dir: p.project, KiciDir: p.kiciDir(), Log: p.agent.config.Log}
}

func (p *performance) kiciDir() string {
	return filepath.Join(p.tree, filepath.FromSlash(path.Dir(path.Dir(path.Clean(p.job.a.Spec.Source.File)))))
}

// install makes the packages that workflows import.
func (p *performance) install(ctx context.Context) error {
	as := &p.job.a
	_, err := deps.Ensure(ctx, deps.Options{
		Root: p.tree, KiciDir: p.kiciDir(), CacheDir: p.packages(),
		Environ: childEnviron(p.agent.config.Environ, p.agent.tempDir()), Registries: as.Registries, Secrets: as.InstallSecrets,
		Progress: func(line string) { p.say("%s", line) },
	})
	return err
}

// packages is the folder of installed packages that this job may share. Scripts
// of packages, and an .npmrc that leads elsewhere, can put anything there, so the
// runs of a repository's own branches keep theirs to themselves, and what others
// install goes with their job.
func (p *performance) packages() string {
	if p.job.a.CacheScope != CacheTrusted {
		return filepath.Join(p.folder, "packages")
	}
	sum := sha256.Sum256([]byte(p.job.a.Source.URL))
	return filepath.Join(p.agent.config.DataDir, "packages", hex.EncodeToString(sum[:12]))
}

// scope keeps the bundles of untrusted runs apart, for the same reason.
func (p *performance) scope() string {
	if p.job.a.CacheScope == CacheTrusted {
		return CacheTrusted
	}
	return p.job.a.Run
}

// isAuthors tells the repository's mistakes from this machine's.
func isAuthors(err error) bool {
	var (
		drift   *DriftError
		own     *authorError
		compile *compile.Failure
		install *deps.Error
		rule    *deps.RuleError
	)
	return errors.As(err, &drift) || errors.As(err, &own) || errors.As(err, &compile) || errors.As(err, &install) || errors.As(err, &rule)
}
