package event

import "strings"

// Repo is the repository a simulated event claims to come from.
type Repo struct{ Owner, Name string }

// placeholder values of fixtures.
const (
	zeroSHA    = "0000000000000000000000000000000000000000"
	headSHA    = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"
	previous   = "00112233445566778899aabbccddeeff00112233"
	fixtureRef = "feature-branch"
)

type object = map[string]any

func repository(r Repo) object {
	if r.Owner == "" {
		r = Repo{"example", "project"}
	}
	return object{"name": r.Name, "full_name": r.Owner + "/" + r.Name, "owner": object{"login": r.Owner}, "default_branch": "main"}
}

// Fixture is a typical payload for an event argument, shaped like the real
// thing; `kici fixture` prints it as a file to start from.
func Fixture(arg Arg, repo Repo) map[string]any {
	body := specific(arg)
	switch arg.Type {
	case Schedule, Lifecycle, KiciEvent, WorkflowComplete, JobComplete, GenericWebhook:
		return body
	}
	body["repository"] = repository(repo)
	body["sender"] = object{"login": "octo-dev", "id": 1}
	if arg.Action != "" {
		body["action"] = arg.Action
	}
	return body
}

// specific is the part of a payload that only this type of event has.
func specific(arg Arg) object {
	switch arg.Type {
	case PullRequest:
		pr := pullRequest()
		if arg.Action == "closed" {
			pr["state"], pr["merged"] = "closed", false
		}
		return object{"number": 1, "pull_request": pr}
	case Push:
		return object{"ref": "refs/heads/main", "before": previous, "after": headSHA, "pusher": object{"name": "octo-dev"},
			"commits":     []any{object{"id": headSHA, "message": "Change things", "added": []any{}, "modified": []any{"README.md"}, "removed": []any{}}},
			"head_commit": object{"id": headSHA, "message": "Change things"}}
	case Tag:
		return object{"ref": "refs/tags/v1.0.0", "before": zeroSHA, "after": headSHA, "pusher": object{"name": "octo-dev"}, "commits": []any{}}
	case Comment:
		return object{"issue": object{"number": 42, "title": "A question", "pull_request": object{"url": "https://api.github.com/repos/example/project/pulls/42"}},
			"comment": object{"id": 1, "body": "Looks good", "user": object{"login": "octo-dev"}}}
	case Review:
		return object{"pull_request": pullRequest(), "review": object{"id": 1, "state": "approved", "body": "Ship it"}}
	case ReviewComment:
		return object{"pull_request": pullRequest(), "comment": object{"id": 1, "body": "Why?", "path": "src/index.ts", "line": 10}}
	case Release:
		return object{"release": object{"id": 1, "tag_name": "v1.0.0", "name": "v1.0.0", "target_commitish": "main", "draft": false, "prerelease": false}}
	case Dispatch:
		return object{"client_payload": object{}, "branch": "main"}
	case Create:
		return object{"ref": "feature/new", "ref_type": refType(arg), "master_branch": "main"}
	case Delete:
		return object{"ref": "feature/old", "ref_type": refType(arg)}
	case Status:
		return object{"sha": headSHA, "context": "ci/test", "state": "success", "branches": []any{object{"name": "main"}}}
	case WorkflowRun:
		return object{"workflow_run": object{"id": 1, "name": "CI", "status": "completed", "conclusion": "success", "head_branch": "main", "head_sha": headSHA}}
	case Fork:
		return object{"forkee": object{"full_name": "octo-dev/project"}}
	case Star:
		return object{"starred_at": "2026-01-01T00:00:00Z"}
	case Watch:
		return object{}
	}
	return internal(arg)
}

// internal payloads come from no forge.
func internal(arg Arg) object {
	switch arg.Type {
	case KiciEvent:
		return object{"eventName": arg.Value, "payload": object{"message": "simulated"}}
	case WorkflowComplete:
		return object{"workflowName": "test", "status": arg.Value, "sourceRepo": ""}
	case JobComplete:
		return object{"workflowName": "test", "jobName": "test", "status": arg.Value, "sourceRepo": ""}
	case GenericWebhook:
		return object{"event": "invoice.paid", "source": arg.Value, "payload": object{"id": "in_1", "amount": 100}}
	case Schedule:
		return object{"cronExpression": arg.Value, "timezone": "UTC"}
	case Lifecycle:
		status := "success"
		if arg.Value == LifecycleJobFailed {
			status = "failed"
		}
		return object{"lifecycleEvent": arg.Value, "workflowName": "ci", "status": status, "sourceRepo": ""}
	}
	return object{}
}

func pullRequest() object {
	return object{"number": 1, "title": "Change things", "state": "open", "draft": false,
		"head": object{"ref": fixtureRef, "sha": headSHA}, "base": object{"ref": "main", "sha": previous}}
}

func refType(arg Arg) string {
	if strings.EqualFold(arg.Value, "tag") {
		return "tag"
	}
	return "branch"
}
