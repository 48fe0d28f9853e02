package event

import (
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/lockfile"
)

// Replica is what a test fixture says about the event it stands for, beside
// the trigger that describes it.
type Replica struct {
	Branch string // of a pull request the one it comes from, of a tag its name
	SHA    string
	Repo   Repo
	PR     int
}

// FromTrigger makes the event of a fixture: what its trigger describes, filled
// in from the fixture's own words and then from the working tree, so that the
// trigger matches it wherever a filter names one value. What is in s was typed,
// and wins.
func FromTrigger(t *lockfile.Trigger, git Git, r Replica, s Simulation) (Event, error) {
	arg, ok := ForTrigger(t)
	if !ok {
		return Event{}, fmt.Errorf("event: a %s trigger for %s cannot be simulated", t.Type, strings.Join(t.Events, ", "))
	}
	if s.SHA == "" {
		s.SHA = r.SHA
	}
	if r.Repo.Owner != "" {
		s.Repo = r.Repo
	}
	switch arg.Type {
	case PullRequest, Review, ReviewComment: // --branch is the target of those, a fixture's the source
		if r.Branch != "" {
			git.Branch = r.Branch
		}
		if s.Branch == "" {
			s.Branch = literal(t.TargetBranches)
		}
	case Tag, Create, Delete:
		s.Branch = firstText(s.Branch, r.Branch, literal(t.Patterns))
		if s.Branch == "" && arg.Type == Tag { // a tag is no branch, so git's is no default
			s.Branch = fixtureTag
		}
	default:
		if s.Branch == "" {
			s.Branch = r.Branch
		}
	}
	if s.Payload == nil {
		s.details(t, arg, r)
	}
	return Local(arg, git, s)
}

// fixtureTag is the tag of fixtures that name none.
const fixtureTag = "v1.0.0"

// details puts into the payload what only the trigger's filters know.
func (s *Simulation) details(t *lockfile.Trigger, arg Arg, r Replica) {
	s.patch = object{}
	set := func(value any, path ...string) {
		at := s.patch
		for _, name := range path[:len(path)-1] {
			next, ok := at[name].(object)
			if !ok {
				next = object{}
				at[name] = next
			}
			at = next
		}
		at[path[len(path)-1]] = value
	}
	text := func(value string, path ...string) {
		if value != "" {
			set(value, path...)
		}
	}
	head := func(list []string) string {
		if len(list) == 0 {
			return ""
		}
		return list[0]
	}
	if r.PR != 0 {
		switch arg.Type {
		case PullRequest:
			set(r.PR, "number")
			set(r.PR, "pull_request", "number")
		case Review, ReviewComment:
			set(r.PR, "pull_request", "number")
		case Comment:
			set(r.PR, "issue", "number")
		}
	}
	switch arg.Type {
	case Review:
		text(head(t.States), "review", "state")
	case Status:
		text(head(t.States), "state")
		text(head(t.StatusContexts), "context")
	case WorkflowRun:
		text(head(t.Workflows), "workflow_run", "name")
		text(head(t.Conclusions), "workflow_run", "conclusion")
	case Comment:
		if t.Source == "issue" {
			set(nil, "issue", "pull_request")
		}
		if b := t.BodyMatch; b != nil {
			text(literal([]lockfile.Pattern{*b}), "comment", "body")
		}
	case WorkflowComplete:
		text(t.Name, "workflowName")
	case JobComplete:
		text(t.Workflow, "workflowName")
		text(t.Job, "jobName")
	case GenericWebhook:
		text(head(t.Events), "event")
	}
}

// literal is the first pattern that is a plain value.
func literal(patterns []lockfile.Pattern) string {
	for _, p := range patterns {
		if p.Type == lockfile.PatternGlob && !strings.ContainsAny(p.Pattern, "*?[]{}()!+@|\\") {
			return p.Pattern
		}
	}
	return ""
}

func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// merge lays b over a; null takes a key away.
func merge(a, b object) {
	for k, v := range b {
		inner, both := v.(object)
		under, ok := a[k].(object)
		switch {
		case v == nil:
			delete(a, k)
		case both && ok:
			merge(under, inner)
		default:
			a[k] = v
		}
	}
}
