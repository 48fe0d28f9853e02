package git

import (
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/internal/repository"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// hub reads the events of GitHub and its likes that are neither pushes nor pull
// requests. One that has no type of its own keeps its name as type, which is
// what webhook() triggers ask for.
func (r *reading) hub(kind string) provider.Event {
	switch kind {
	case event.Review, event.ReviewComment:
		return r.review(kind)
	case event.Comment:
		return r.comment()
	case "":
		return r.event(r.name)
	}
	e := r.event(kind)
	switch kind {
	case event.Release:
		target := r.at("release", "target_commitish")
		e.TargetBranch = first(target, e.TargetBranch)
		if repository.IsSHA(target) {
			e.Ref.SHA = target
		} else if target != "" {
			e.Ref.Name = "refs/heads/" + target
		}
	case event.Create, event.Delete:
		e.Action, e.TargetBranch = "", first(r.at("ref"), e.TargetBranch)
		e.Deleted = kind == event.Delete
	case event.Status:
		e.Action = ""
		// A commit of a fork may be given a status too. Only one that a branch of
		// this repository holds is believed; of others the default branch decides.
		if branches, ok := event.Field(any(r.body), "branches").([]any); ok && len(branches) > 0 {
			if name := event.Text(branches[0], "name"); name != "" {
				e.TargetBranch, e.Ref.Name = name, "refs/heads/"+name
			}
			if sha := r.at("sha"); repository.IsSHA(sha) {
				e.Ref.SHA = sha
			}
		}
	case event.WorkflowRun:
		e.TargetBranch = first(r.at("workflow_run", "head_branch"), e.TargetBranch)
	case event.Fork:
		e.Action = ""
	}
	return e
}

// review reads a review of a pull request. Gitea and Forgejo put the verdict
// into the review's type; triggers ask for its state.
func (r *reading) review(kind string) provider.Event {
	if event.Field(any(r.body), "pull_request") == nil && event.Has(any(r.body), "comment") {
		return r.comment() // of a pull request as an issue, under a review's name
	}
	e := r.pull(kind)
	review := event.Field(any(r.body), "review")
	if r.at("review", "state") != "" || review == nil {
		return e
	}
	states := map[string]string{
		"pull_request_review_approved": "approved", "pull_request_review_rejected": "changes_requested", "pull_request_review_comment": "commented",
		"pull_request_approved": "approved", "pull_request_rejected": "changes_requested", "pull_request_comment": "commented",
	}
	if state := states[first(r.at("review", "type"), r.name)]; state != "" {
		e.Payload = r.patch(map[string]any{"review": with(review, map[string]any{"state": state})})
	}
	return e
}

// comment reads a comment on an issue or a pull request, which is told by the
// issue's key pull_request. Gitea and Gogs send that key always.
func (r *reading) comment() provider.Event {
	e := r.event(event.Comment)
	issue, _ := event.Field(any(r.body), "issue").(map[string]any)
	if meta, ok := issue["pull_request"]; ok && meta == nil {
		plain := with(issue, nil)
		delete(plain, "pull_request")
		e.Payload = r.patch(map[string]any{"issue": plain})
	}
	return e
}
