package event

import (
	"testing"

	"github.com/kici-dev/kici-go/lockfile"
)

func TestFromTrigger(t *testing.T) {
	t.Parallel()
	type T = lockfile.Trigger
	git := Git{Branch: "topic", SHA: "abc", Files: []string{"x"}}
	globs := func(texts ...string) []lockfile.Pattern {
		var out []lockfile.Pattern
		for _, text := range texts {
			out = append(out, lockfile.Glob(text))
		}
		return out
	}
	cases := map[string]struct {
		t              T
		r              Replica
		s              Simulation
		target, source string
		path           []string
		want           any
	}{
		"push takes git's branch":    {t: T{Type: "push", Branches: globs("main")}, target: "topic", path: []string{"after"}, want: "abc"},
		"push with a branch":         {t: T{Type: "push"}, r: Replica{Branch: "b", SHA: "s"}, target: "b", path: []string{"after"}, want: "s"},
		"what is typed wins":         {t: T{Type: "push"}, r: Replica{Branch: "b", SHA: "s"}, s: Simulation{Branch: "c", SHA: "t"}, target: "c", path: []string{"after"}, want: "t"},
		"pr number":                  {t: T{Type: "pr", TargetBranches: globs("rel/*", "dev"), Events: []string{"closed"}}, r: Replica{PR: 9, Branch: "f"}, target: "dev", source: "f", path: []string{"pull_request", "number"}, want: 9.0},
		"pr without target":          {t: T{Type: "pr"}, target: "main", source: "topic", path: []string{"pull_request", "head", "sha"}, want: "abc"},
		"tag of a glob":              {t: T{Type: "tag", Patterns: globs("v*")}, target: "v1.0.0"},
		"tag by name":                {t: T{Type: "tag", Patterns: globs("v*")}, r: Replica{Branch: "v2"}, target: "v2", path: []string{"ref"}, want: "refs/tags/v2"},
		"review state":               {t: T{Type: "review", States: []string{"changes_requested"}}, target: "main", source: "feature-branch", path: []string{"review", "state"}, want: "changes_requested"},
		"issue comment":              {t: T{Type: "comment", Source: "issue"}, r: Replica{PR: 5}, target: "main", path: []string{"issue", "pull_request"}},
		"status":                     {t: T{Type: "status", StatusContexts: []string{"lint"}, States: []string{"failure"}}, target: "main", path: []string{"context"}, want: "lint"},
		"workflow_run":               {t: T{Type: "workflow_run", Workflows: []string{"Build"}}, target: "main", path: []string{"workflow_run", "name"}, want: "Build"},
		"workflow_complete":          {t: T{Type: "workflow_complete", Name: "ci"}, target: "main", path: []string{"workflowName"}, want: "ci"},
		"job_complete":               {t: T{Type: "job_complete", Workflow: "ci", Job: "j"}, target: "main", path: []string{"jobName"}, want: "j"},
		"generic":                    {t: T{Type: "generic_webhook", Source: "stripe", Events: []string{"paid"}}, target: GenericBranch, path: []string{"event"}, want: "paid"},
		"repository":                 {t: T{Type: "push"}, r: Replica{Repo: Repo{"o", "r"}}, target: "topic", path: []string{"repository", "full_name"}, want: "o/r"},
		"a payload is left as it is": {t: T{Type: "status", StatusContexts: []string{"lint"}}, s: Simulation{Payload: []byte(`{"context":"mine"}`)}, target: "main", path: []string{"context"}, want: "mine"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := FromTrigger(&c.t, git, c.r, c.s)
			if err != nil {
				t.Fatal(err)
			}
			if e.TargetBranch != c.target || e.SourceBranch != c.source {
				t.Errorf("target %q, source %q", e.TargetBranch, e.SourceBranch)
			}
			if got := Field(e.Body(), c.path...); c.path != nil && got != c.want {
				t.Errorf("%v is %v (%T), want %v", c.path, got, got, c.want)
			}
		})
	}
	if _, err := FromTrigger(&T{Type: "webhook", Events: []string{"deployment"}}, git, Replica{}, Simulation{}); err == nil {
		t.Error("what cannot be simulated is an error")
	}
}
