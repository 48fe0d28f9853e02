package forgetest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/engine/provider/verification"
)

// Flavors of deliveries: the presets of engine/provider/git.
const (
	Forgejo = "forgejo"
	Gitea   = "gitea"
	Gogs    = "gogs"
	GitLab  = "gitlab-repo"
	GitHub  = "github-repo"
)

// Flavors lists them.
func Flavors() []string { return []string{Forgejo, Gitea, Gogs, GitLab, GitHub} }

// Kinds of happenings.
const (
	Push        = "push"
	PullRequest = "pull_request"
)

// Happening is what a delivery tells of.
type Happening struct {
	Kind string
	Repo string // "owner/name"
	// Ref was moved from Before to After; an empty one of them is a ref that was
	// made or removed.
	Ref, Before, After       string
	Added, Modified, Removed []string
	Message                  string
	// Of a pull request: its action in GitHub's words, what is merged into what.
	Action                  string
	Number                  int
	Head, HeadSHA, HeadRepo string // HeadRepo is empty unless it is a fork
	Base, BaseSHA           string
	DefaultBranch           string // "main" if empty
	Sender                  string // "dev" if empty
}

// Delivery is ready to be posted.
type Delivery struct {
	ID     string
	Header http.Header
	Body   []byte
}

type object = map[string]any

// NewDelivery makes the signed delivery of a flavor. It panics for a flavor or
// kind that does not exist, which is a mistake of the test.
func NewDelivery(flavor, secret string, h Happening) Delivery {
	h = h.whole()
	d := Delivery{ID: rand.Text(), Header: http.Header{"Content-Type": {"application/json"}, "User-Agent": {"forgetest"}}}
	body, name := h.hub(flavor), h.Kind
	if flavor == GitLab {
		body, name = h.gitlab()
	}
	var err error
	if d.Body, err = json.Marshal(body); err != nil {
		panic(fmt.Sprintf("forgetest: %v", err))
	}
	signature := verification.Sign(d.Body, secret)
	set := func(pairs ...string) {
		for i := 0; i < len(pairs); i += 2 {
			d.Header.Set(pairs[i], pairs[i+1])
		}
	}
	switch flavor {
	case Gitea, Forgejo:
		set("X-Gitea-Event", name, "X-Gitea-Delivery", d.ID, "X-Gitea-Signature", signature, "X-GitHub-Event", name, "X-Hub-Signature-256", "sha256="+signature)
	case Gogs:
		set("X-Gogs-Event", name, "X-Gogs-Delivery", d.ID, "X-Gogs-Signature", signature)
	case GitHub:
		set("X-GitHub-Event", name, "X-GitHub-Delivery", d.ID, "X-Hub-Signature-256", "sha256="+signature)
	case GitLab:
		set("X-Gitlab-Event", name, "Idempotency-Key", d.ID, "X-Gitlab-Token", secret)
	default:
		panic("forgetest: no flavor " + flavor)
	}
	return d
}

func (h Happening) whole() Happening {
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	zero := strings.Repeat("0", max(40, len(h.After), len(h.Before)))
	set(&h.Before, zero)
	set(&h.After, zero)
	set(&h.DefaultBranch, "main")
	set(&h.Sender, "dev")
	set(&h.Base, h.DefaultBranch)
	set(&h.HeadRepo, h.Repo)
	set(&h.Message, "a change")
	if h.Number == 0 {
		h.Number = 1
	}
	for _, list := range []*[]string{&h.Added, &h.Modified, &h.Removed} {
		*list = append([]string{}, *list...) // an empty list, never null
		slices.Sort(*list)
	}
	return h
}

func (h Happening) gone() bool { return strings.Trim(h.After, "0") == "" }
func (h Happening) made() bool { return strings.Trim(h.Before, "0") == "" }

func (h Happening) commits() []object {
	if h.gone() {
		return []object{}
	}
	return []object{{"id": h.After, "message": h.Message, "timestamp": "2026-11-23T12:00:00Z", "url": h.page() + "/commit/" + h.After,
		"author": object{"name": h.Sender, "email": h.Sender + "@example.com"}, "added": h.Added, "modified": h.Modified, "removed": h.Removed}}
}

func (h Happening) page() string { return "https://forge.example/" + h.Repo }

func (h Happening) repository(name string) object {
	owner := path.Dir(name)
	return object{"id": 7, "name": path.Base(name), "full_name": name, "html_url": "https://forge.example/" + name, "clone_url": "https://forge.example/" + name + ".git",
		"default_branch": h.DefaultBranch, "private": true, "owner": object{"id": 3, "login": owner, "username": owner}}
}

// hub is the shape that GitHub began and Gitea and Gogs took over.
func (h Happening) hub(flavor string) object {
	sender := object{"id": 5, "login": h.Sender, "username": h.Sender}
	body := object{"repository": h.repository(h.Repo), "sender": sender}
	switch h.Kind {
	case Push:
		body["ref"], body["before"], body["after"], body["commits"] = h.Ref, h.Before, h.After, h.commits()
		body["compare"], body["pusher"] = h.page()+"/compare", sender
		if !h.gone() {
			body["head_commit"] = h.commits()[0]
		}
		if flavor == GitHub {
			body["created"], body["deleted"], body["forced"] = h.made(), h.gone(), false
		} else if flavor != Gogs {
			body["total_commits"] = len(h.commits())
		}
	case PullRequest:
		pr := object{"id": 100 + h.Number, "number": h.Number, "state": "open", "title": h.Message, "html_url": fmt.Sprintf("%s/pulls/%d", h.page(), h.Number)}
		if flavor == Gogs {
			pr["head_branch"], pr["head_repo"], pr["base_branch"], pr["base_repo"] = h.Head, h.repository(h.HeadRepo), h.Base, h.repository(h.Repo)
		} else {
			pr["head"] = object{"ref": h.Head, "sha": h.HeadSHA, "repo": h.repository(h.HeadRepo)}
			pr["base"] = object{"ref": h.Base, "sha": h.BaseSHA, "repo": h.repository(h.Repo)}
		}
		body["action"], body["number"], body["pull_request"] = h.Action, h.Number, pr
		if h.Action == "synchronize" && flavor != GitHub {
			body["action"] = "synchronized"
		}
	default:
		panic("forgetest: no kind " + h.Kind)
	}
	return body
}

// gitlab is GitLab's shape, with its name for the event.
func (h Happening) gitlab() (object, string) {
	project := object{"id": 7, "name": path.Base(h.Repo), "path_with_namespace": h.Repo, "default_branch": h.DefaultBranch, "web_url": h.page()}
	switch h.Kind {
	case Push:
		body := object{"object_kind": "push", "event_name": "push", "ref": h.Ref, "before": h.Before, "after": h.After, "checkout_sha": h.After,
			"user_id": 5, "user_username": h.Sender, "project_id": 7, "project": project, "commits": h.commits(), "total_commits_count": len(h.commits())}
		if h.gone() {
			body["checkout_sha"] = nil
		}
		if strings.HasPrefix(h.Ref, "refs/tags/") {
			body["object_kind"], body["event_name"] = "tag_push", "tag_push"
			return body, "Tag Push Hook"
		}
		return body, "Push Hook"
	case PullRequest:
		action := map[string]string{"opened": "open", "reopened": "reopen", "closed": "close", "synchronize": "update", "edited": "update"}[h.Action]
		source := object{"path_with_namespace": h.HeadRepo}
		attributes := object{"id": 100 + h.Number, "iid": h.Number, "title": h.Message, "state": "opened", "action": action, "source_branch": h.Head, "target_branch": h.Base,
			"source": source, "target": project, "last_commit": object{"id": h.HeadSHA, "message": h.Message}}
		if h.Action == "synchronize" {
			attributes["oldrev"] = h.BaseSHA
		}
		return object{"object_kind": "merge_request", "event_type": "merge_request", "user": object{"id": 5, "username": h.Sender}, "project": project,
			"object_attributes": attributes}, "Merge Request Hook"
	}
	panic("forgetest: no kind " + h.Kind)
}
