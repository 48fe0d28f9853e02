package git

import (
	"slices"

	"github.com/kici-dev/kici-go/engine/provider/verification"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// Presets.
const (
	Forgejo = "forgejo"
	Gitea   = "gitea"
	Gogs    = "gogs"
	GitLab  = "gitlab-repo"
	GitHub  = "github-repo"
	Custom  = "custom"
)

// Presets lists them, in the order of the documentation.
func Presets() []string { return []string{Forgejo, Gitea, Gogs, GitLab, GitHub, Custom} }

// preset is what is known about a forge.
type preset struct {
	provider string // in envelopes
	// Headers, of each the first that is there counts.
	event, delivery []string
	scheme          verification.Scheme
	url             string // where the forge is one place
	paths           PayloadPaths
	mapping         EventMapping
	kinds           map[string]string // other event names to types
	actions         map[string]string // the forge's words to GitHub's
	pull            string            // the ref of a pull request, before and after its number
	// separate: the forge announces created and deleted refs by events of their
	// own, besides the pushes that also show it.
	separate bool
}

// hubPaths are where GitHub and its likes keep things.
func hubPaths() PayloadPaths {
	return PayloadPaths{Repo: "$.repository.full_name", DefaultBranch: "$.repository.default_branch", Ref: "$.ref", SHA: "$.after", Before: "$.before",
		Files: []string{"$.commits[*].added[*]", "$.commits[*].modified[*]", "$.commits[*].removed[*]"}}
}

func hubKinds() map[string]string {
	return map[string]string{
		"issue_comment": event.Comment, "pull_request_review": event.Review, "pull_request_review_comment": event.ReviewComment,
		"repository_dispatch": event.Dispatch, "release": event.Release, "create": event.Create, "delete": event.Delete,
		"status": event.Status, "workflow_run": event.WorkflowRun, "fork": event.Fork, "star": event.Star, "watch": event.Watch,
		"pull_request_approved": event.Review, "pull_request_rejected": event.Review, "pull_request_comment": event.Review,
	}
}

// teaActions are what Gitea, and Gogs before it, call what GitHub calls otherwise.
func teaActions() map[string]string {
	return map[string]string{"synchronized": "synchronize", "label_updated": "labeled", "label_cleared": "unlabeled", "reviewed": "submitted", "updated": "edited"}
}

func presetOf(name string) preset {
	p := preset{provider: name, paths: hubPaths(), kinds: hubKinds(), pull: "refs/pull/%s/head", separate: true,
		mapping: EventMapping{Push: []string{"push"}, PullRequest: []string{"pull_request"}}}
	switch name {
	case Forgejo, Gitea:
		p.event, p.delivery = []string{"X-Gitea-Event", "X-Forgejo-Event"}, []string{"X-Gitea-Delivery", "X-Forgejo-Delivery"}
		p.scheme.Headers = []string{"X-Gitea-Signature", "X-Forgejo-Signature"}
		p.actions = teaActions()
	case Gogs:
		p.event, p.delivery, p.scheme.Headers = []string{"X-Gogs-Event"}, []string{"X-Gogs-Delivery"}, []string{"X-Gogs-Signature"}
		p.actions = teaActions()
	case GitLab:
		p.provider, p.separate, p.pull = "gitlab", false, "refs/merge-requests/%s/head"
		p.event, p.delivery = []string{"X-Gitlab-Event"}, []string{"Idempotency-Key"}
		p.scheme = verification.Scheme{Headers: []string{"X-Gitlab-Token"}, Plain: true}
		p.paths.Repo, p.paths.DefaultBranch = "$.project.path_with_namespace", "$.project.default_branch"
		p.mapping = EventMapping{Push: []string{"Push Hook", "push", "Tag Push Hook", "tag_push"}, PullRequest: []string{"Merge Request Hook", "merge_request"}}
		p.kinds = map[string]string{"Note Hook": event.Comment, "note": event.Comment, "Release Hook": event.Release, "release": event.Release}
		p.actions = map[string]string{"open": "opened", "reopen": "reopened", "close": "closed", "merge": "closed", "update": "edited",
			"create": "created", "delete": "deleted"}
	case GitHub:
		p.provider, p.url = "github", "https://github.com/{owner}/{name}.git"
		p.event, p.delivery, p.scheme.Headers = []string{"X-GitHub-Event"}, []string{"X-GitHub-Delivery"}, []string{"X-Hub-Signature-256"}
	case Custom:
		p.provider, p.separate, p.pull = "universal-git", false, ""
		p.event = []string{"X-Gitea-Event", "X-Gogs-Event", "X-Gitlab-Event", "X-GitHub-Event", "X-Event-Type"}
		p.delivery, p.scheme = []string{"X-Delivery-Id", "X-Request-Id", "X-Idempotency-Key"}, verification.Default()
		p.actions = teaActions()
		p.mapping, p.paths.Repo = EventMapping{}, ""
	}
	return p
}

// lay puts an operator's words over the preset's.
func (p *preset) lay(c *Config) {
	for _, f := range []struct {
		to   *string
		from string
	}{{&p.paths.Repo, c.PayloadPaths.Repo}, {&p.paths.DefaultBranch, c.PayloadPaths.DefaultBranch}, {&p.paths.Ref, c.PayloadPaths.Ref},
		{&p.paths.SHA, c.PayloadPaths.SHA}, {&p.paths.Before, c.PayloadPaths.Before}} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	if c.PayloadPaths.Files != nil {
		p.paths.Files = c.PayloadPaths.Files
	}
	if c.EventMapping.Push != nil {
		p.mapping.Push = c.EventMapping.Push
	}
	if c.EventMapping.PullRequest != nil {
		p.mapping.PullRequest = c.EventMapping.PullRequest
	}
	if c.EventTypeHeader != "" {
		p.event = slices.Insert(slices.Clone(p.event), 0, c.EventTypeHeader)
	}
}
