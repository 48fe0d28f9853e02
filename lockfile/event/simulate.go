package event

import (
	"encoding/json"
	"fmt"
)

// Simulation is what a person may say about an event that did not happen.
type Simulation struct {
	Payload json.RawMessage // replaces the fixture
	Branch  string          // --branch
	SHA     string          // --sha
	Files   []string        // --files
	Repo    Repo            // from the git remote, when it is on GitHub

	patch object // laid over the payload before the overrides
}

// Simulate makes the event for an argument, out of a given payload or the
// fixture. The action is the argument's, not the payload's.
func Simulate(arg Arg, s Simulation) (Event, error) {
	body := Fixture(arg, s.Repo)
	if s.Payload != nil {
		body = object{}
		if err := json.Unmarshal(s.Payload, &body); err != nil {
			return Event{}, fmt.Errorf("event: the payload is not a JSON object: %w", err)
		}
		if body == nil {
			return Event{}, fmt.Errorf("event: the payload is not a JSON object: null")
		}
		if s.Repo.Owner != "" && arg.provider() != "" {
			repo, ok := body["repository"].(object)
			if !ok {
				repo = object{}
			}
			body["repository"] = repo
			for k, v := range repository(s.Repo) {
				if k != "default_branch" || repo[k] == nil {
					repo[k] = v
				}
			}
		}
	}
	merge(body, s.patch)
	s.override(arg, body)
	e := Event{Type: arg.Type, Action: arg.Action, TargetBranch: targetBranch(arg.Type, body), ChangedFiles: s.Files, Provider: arg.provider()}
	if pr, ok := body["pull_request"].(object); ok {
		e.SourceBranch, e.BaseBranch = Text(pr, "head", "ref"), Text(pr, "base", "ref")
	}
	if arg.Type == GenericWebhook {
		e.WebhookSource, e.Action = arg.Value, Text(body, "event")
		if s.Payload == nil {
			delete(body, "source") // the body belongs to the sender; the source travels beside it
		} else if given := Text(body, "source"); given != "" && arg.Value == defaultSource {
			e.WebhookSource = given // an edited fixture names its source
		}
	}
	e.SenderUsername = Text(body, "sender", "login")
	e.Payload = encode(body)
	return e, nil
}

// provider is what the event claims to come from.
func (a Arg) provider() string {
	switch a.Type {
	case KiciEvent, WorkflowComplete, JobComplete, Schedule, Lifecycle:
		return ""
	case GenericWebhook:
		return "generic"
	}
	return "github"
}

// override puts --branch and --sha where the type of event keeps them.
func (s Simulation) override(arg Arg, body object) {
	set := func(value string, path ...string) {
		if value == "" {
			return
		}
		at := body
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
	prefix := func(p string) string {
		if s.Branch == "" {
			return ""
		}
		return p + s.Branch
	}
	switch arg.Type {
	case Push:
		set(prefix("refs/heads/"), "ref")
		set(s.SHA, "after")
	case Tag:
		set(prefix("refs/tags/"), "ref")
		set(s.SHA, "after")
	case PullRequest, Review, ReviewComment:
		set(s.Branch, "pull_request", "base", "ref")
		set(s.SHA, "pull_request", "head", "sha")
	case Release:
		set(s.Branch, "release", "target_commitish")
	case Create, Delete:
		set(s.Branch, "ref")
	case Status:
		set(s.SHA, "sha")
	case WorkflowRun:
		set(s.Branch, "workflow_run", "head_branch")
		set(s.SHA, "workflow_run", "head_sha")
	}
	if arg.Type == Create || arg.Type == Delete {
		set(arg.Value, "ref_type")
	}
}

func targetBranch(typ string, body object) string {
	fallback := Text(body, "repository", "default_branch")
	if fallback == "" {
		fallback = InternalBranch
	}
	branch := ""
	switch typ {
	case Push:
		branch = BranchOf(Text(body, "ref"))
	case Tag:
		branch, _ = TagOf(Text(body, "ref"))
	case PullRequest, Review, ReviewComment:
		branch = Text(body, "pull_request", "base", "ref")
	case Comment:
		branch = Text(body, "issue", "pull_request", "base_ref")
	case Release:
		branch = Text(body, "release", "target_commitish")
	case Create, Delete:
		branch = Text(body, "ref")
	case Status:
		if list, ok := body["branches"].([]any); ok && len(list) > 0 {
			branch = Text(list[0], "name")
		}
	case WorkflowRun:
		branch = Text(body, "workflow_run", "head_branch")
	case GenericWebhook:
		return GenericBranch
	}
	if branch == "" {
		return fallback
	}
	return branch
}

// Git is the state of the working tree a local run starts from.
type Git struct {
	Branch string   // current branch; "HEAD" when detached, "" when unknown
	SHA    string   // "" when there is no commit
	Files  []string // changed against HEAD, in the index or not
}

// Local makes the event of a local run: pushes, pull requests and tags describe
// the working tree; everything else, and everything with a payload of its own,
// is simulated.
func Local(arg Arg, git Git, s Simulation) (Event, error) {
	if s.Files == nil {
		s.Files = git.Files
	}
	if s.Payload == nil {
		if s.SHA == "" {
			s.SHA = git.SHA
		}
		if s.SHA == "" {
			s.SHA = zeroSHA
		}
		if git.Branch == "" {
			git.Branch = "main"
		}
		switch arg.Type {
		case Push, Tag:
			if s.Branch == "" {
				s.Branch = git.Branch
			}
		}
	}
	if s.Payload != nil || arg.Type != Push && arg.Type != PullRequest && arg.Type != Tag {
		return Simulate(arg, s)
	}
	body := Fixture(arg, s.Repo)
	switch arg.Type {
	case Push:
		body["before"] = zeroSHA
		body["head_commit"] = object{"id": s.SHA, "message": "local execution"}
		delete(body, "commits") // nobody knows which commits this would be
	case PullRequest:
		pr := pullRequest()
		pr["head"] = object{"ref": git.Branch, "sha": s.SHA}
		body["pull_request"] = pr
	}
	s.Payload = encode(body)
	return Simulate(arg, s)
}
