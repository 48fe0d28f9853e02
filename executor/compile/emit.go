package compile

import (
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/executor/js/purity"
	"github.com/kici-dev/kici-go/lockfile"
)

// lock assembles the lock file: what describe.ts reported, plus hashes, plus
// the verdicts on dynamic values. It reports what it finds on the way, so it
// runs even when there are errors already.
func (r *run) lock() *lockfile.File {
	file := &lockfile.File{LockfileHash: PackageLockHash(r.project.Root, r.o.UserAgent)}
	for i := range r.flows {
		f := &r.flows[i]
		w := f.Lock
		w.CompileSchemaVersion = lockfile.CompileSchemaVersion
		digest := r.hashFiles(f, &w)
		w.ContentHash = lockfile.WorkflowHash(r.sources.get(f.file).text, digest)
		w.Jobs = make([]lockfile.Job, len(f.Jobs))
		for n := range f.Jobs {
			t := &f.Jobs[n]
			if t.Lock.Static != nil {
				r.dynamic(f, t)
			}
			w.Jobs[n] = t.Lock
		}
		file.Workflows = append(file.Workflows, w)
	}
	if len(file.Workflows) > 0 {
		file.Source = file.Workflows[0].Source
	}
	if err := lockfile.Seal(file); err != nil && !r.report.failed() {
		r.report.add(Diagnostic{Code: BadValue, File: r.project.Rel(r.project.Lock), Message: strings.TrimPrefix(err.Error(), "lockfile: ")})
	}
	return file
}

// hashFiles resolves the extra files of a workflow's hash.
func (r *run) hashFiles(f *flow, w *lockfile.Workflow) (digest string) {
	if len(w.HashFiles) == 0 {
		return ""
	}
	c := checker{r.report, r.sources}
	at := r.sources.field(f.place, "hashFiles")
	found, err := resolveAssets(r.project.Root, w.HashFiles)
	if err != nil {
		c.problem(f, at, BadHashFiles, "patterns are relative to the repository", "hashFiles: %s", reason(err, ""))
		return ""
	}
	for _, p := range found.Empty {
		c.problem(f, at, HashFilesNothing, "patterns are relative to the repository", "hashFiles: %q matches no file", p)
	}
	w.ResolvedHashFiles = found.Paths
	return found.Digest
}

// dynamic writes down the values that are functions: pure ones travel as text,
// the others are left to an agent.
func (r *run) dynamic(f *flow, t *task) {
	j := t.Lock.Static
	for _, name := range []string{"environment", "env", "concurrencyGroup"} {
		fn, ok := t.Fields[name]
		if !ok {
			continue
		}
		verdict := purity.Analyze(fn.Function)
		if !verdict.Pure {
			c := checker{r.report, r.sources}
			c.problem(f, r.sources.field(t.place, name), ImpureField, "",
				"job %q: the %s function cannot be evaluated before dispatch: it %s; every run starts an init job for it (about 5-10 seconds)",
				j.Name, name, verdict.Reason)
		}
		var text *lockfile.Text
		var env *lockfile.Env
		if verdict.Pure {
			inline := lockfile.NewInline(verdict.Expression)
			text, env = &lockfile.Text{Inline: inline}, &lockfile.Env{Inline: inline}
		}
		switch name {
		case "environment":
			j.DynamicEnvironment, j.Environment = true, text
		case "env":
			j.DynamicEnv, j.Env = true, env
		case "concurrencyGroup":
			j.DynamicConcurrencyGroup, j.ConcurrencyGroup = true, text
		}
	}
}

// Drift is one difference between the committed lock and the sources.
type Drift struct {
	Workflow string // "" for the file as a whole
	Reason   string
}

func (d Drift) String() string {
	if d.Workflow == "" {
		return d.Reason
	}
	return fmt.Sprintf("workflow %q %s", d.Workflow, d.Reason)
}
