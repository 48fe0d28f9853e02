package git

import (
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/internal/repository"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// gitlab reads the events of GitLab that are neither pushes nor merge requests.
// An event without a type of its own gets GitLab's short word for it
// ("pipeline"), not the header's "Pipeline Hook".
func (r *reading) gitlab(kind string) provider.Event {
	switch kind {
	case event.Comment:
		return r.note()
	case event.Release:
		e := r.event(kind)
		// A release is public when it is made: what others call published.
		if e.Action == "created" {
			e.Action = "published"
		}
		if tag := r.at("tag"); tag != "" {
			e.Ref.Name = "refs/tags/" + tag
		}
		if sha := r.at("commit", "id"); repository.IsSHA(sha) {
			e.Ref.SHA = sha
		}
		if r.at("action") == "delete" { // its tag may be gone with it
			e.Ref.Name, e.Ref.SHA = "", ""
		}
		e.Payload = r.patch(map[string]any{"release": map[string]any{"tag_name": r.at("tag"), "name": r.at("name"), "body": r.at("description")}})
		return e
	}
	return r.event(first(r.at("object_kind"), r.name))
}

// note is a comment. What triggers look for in one is added in GitHub's words.
func (r *reading) note() provider.Event {
	e := r.event(event.Comment)
	switch first(r.at("object_attributes", "action"), "create") {
	case "create":
		e.Action = "created"
	case "update":
		e.Action = "edited"
	}
	fields := map[string]any{"comment": map[string]any{"body": r.at("object_attributes", "note"), "user": map[string]any{"login": e.SenderUsername}}}
	number := event.Field(any(r.body), "issue", "iid")
	if r.at("object_attributes", "noteable_type") == "MergeRequest" {
		number = event.Field(any(r.body), "merge_request", "iid")
		fields["issue"] = map[string]any{"number": number, "pull_request": map[string]any{}}
	} else if number != nil {
		fields["issue"] = with(event.Field(any(r.body), "issue"), map[string]any{"number": number})
	}
	e.Payload = r.patch(fields)
	return e
}
