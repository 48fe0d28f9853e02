package git

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/url"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/internal/repository"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/pattern"
)

// Normalize makes the events of a delivery. A GitLab push that makes or removes
// a ref becomes that event as well, as other forges send it by itself.
func (p *Provider) Normalize(_ context.Context, in *provider.Inbound) ([]provider.Event, error) {
	c, err := p.configs.Get(in.Source.Config, ParseConfig)
	if err != nil {
		return nil, err
	}
	r := &reading{preset: presetOf(c.Preset), in: in}
	r.preset.lay(c)
	if err := r.read(); err != nil {
		return nil, err
	}
	r.name = r.eventName(c.EventTypePath)
	if r.name == "" {
		return nil, fmt.Errorf("%w: the event has no name; looked for %s", provider.ErrMalformed, strings.Join(r.preset.event, ", "))
	}
	if r.name == "ping" || !c.Limits.Settings().Allows(r.name) {
		return nil, nil
	}
	if r.repo = r.text(r.preset.paths.Repo); !validRepo(r.repo) {
		return nil, fmt.Errorf("%w: no repository of the form owner/name at %s", provider.ErrMalformed, r.preset.paths.Repo)
	}
	r.branch = r.text(r.preset.paths.DefaultBranch)
	events, err := r.events()
	for i := range events {
		events[i].Key = c.key(in)
	}
	return events, err
}

// reading is a delivery while it is read.
type reading struct {
	preset preset
	in     *provider.Inbound
	raw    json.RawMessage
	body   map[string]any

	name, repo, branch string // branch is the default one, empty if not said
}

// read decodes the body. Forges may be told to send it as a form's field.
func (r *reading) read() error {
	r.raw = bytes.TrimSpace(r.in.Body)
	if media, _, _ := mime.ParseMediaType(r.in.Header.Get("Content-Type")); media == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(string(r.raw))
		if err != nil || form.Get("payload") == "" {
			return fmt.Errorf("%w: the form has no payload", provider.ErrMalformed)
		}
		r.raw = json.RawMessage(form.Get("payload"))
	}
	decoder := json.NewDecoder(bytes.NewReader(r.raw))
	decoder.UseNumber() // ids are longer than a float is exact
	if err := decoder.Decode(&r.body); err != nil || r.body == nil {
		return fmt.Errorf("%w: the body is no JSON object", provider.ErrMalformed)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something follows the body's JSON", provider.ErrMalformed)
	}
	return nil
}

func (r *reading) eventName(path string) string {
	for _, header := range r.preset.event {
		if name := r.in.Header.Get(header); name != "" {
			return name
		}
	}
	return r.text(path)
}

// text is what a configured path leads to.
func (r *reading) text(path string) string {
	for _, v := range r.all(path) {
		if s, ok := v.(string); ok {
			return s
		}
	}
	return ""
}

func (r *reading) all(path string) []any {
	p, err := pattern.CompilePath(path)
	if err != nil {
		return nil
	}
	return p.Get(any(r.body))
}

// at is text or a number below the names.
func (r *reading) at(names ...string) string { return scalar(event.Field(any(r.body), names...)) }

func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// first is the first of several that is there.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func (r *reading) events() ([]provider.Event, error) {
	kind := r.preset.kinds[r.name]
	switch {
	case slices.Contains(r.preset.mapping.PullRequest, r.name):
		return r.one(r.pull(event.PullRequest)), nil
	case slices.Contains(r.preset.mapping.Push, r.name):
		return r.push()
	case r.preset.provider == "gitlab":
		return r.one(r.gitlab(kind)), nil
	}
	return r.one(r.hub(kind)), nil
}

func (r *reading) one(e provider.Event) []provider.Event { return []provider.Event{e} }

// event is what every envelope has.
func (r *reading) event(kind string) provider.Event {
	action := first(r.at("action"), r.at("object_attributes", "action"))
	if ours, ok := r.preset.actions[action]; ok {
		action = ours
	}
	e := provider.Event{Name: r.name, DefaultBranch: r.branch, Ref: engine.Ref{Repo: r.repo}, RepoURL: page(first(r.at("repository", "html_url"), r.at("project", "web_url")))}
	e.Event = event.Event{Type: kind, Action: action, Payload: r.raw, TargetBranch: first(r.branch, event.InternalBranch), Provider: r.preset.provider, SourceRepo: r.repo,
		SenderUsername: first(r.at("sender", "login"), r.at("sender", "username"), r.at("user_username"), r.at("user", "username")),
		SenderUserID:   first(r.at("sender", "id"), r.at("user_id"), r.at("user", "id"))}
	return e
}

// page keeps an address only if a browser may be sent there.
func page(text string) string {
	if u, err := url.Parse(text); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.User == nil {
		return text
	}
	return ""
}

// patch is the payload with fields added or, where nil, taken away.
func (r *reading) patch(fields map[string]any) json.RawMessage {
	body := maps.Clone(r.body)
	for name, v := range fields {
		if v == nil {
			delete(body, name)
			continue
		}
		body[name] = v
	}
	out, err := json.Marshal(body)
	if err != nil { // it was decoded from JSON
		return r.raw
	}
	return out
}

// with is an object of the payload with fields laid over it.
func with(v any, fields map[string]any) map[string]any {
	object, _ := v.(map[string]any)
	out := maps.Clone(object)
	if out == nil {
		out = map[string]any{}
	}
	maps.Copy(out, fields)
	return out
}

// push reads what was pushed, or that a ref is gone.
func (r *reading) push() ([]provider.Event, error) {
	ref, sha, before := r.text(r.preset.paths.Ref), r.text(r.preset.paths.SHA), r.text(r.preset.paths.Before)
	if ref == "" {
		return nil, nil
	}
	if !repository.IsSHA(sha) || before != "" && !repository.IsSHA(before) {
		return nil, fmt.Errorf("%w: a push of %q must say which commits", provider.ErrMalformed, ref)
	}
	short, kind := event.BranchOf(ref), "branch"
	if tag, ok := event.TagOf(ref); ok {
		short, kind = tag, "tag"
	}
	if repository.IsZero(sha) {
		if r.preset.separate {
			return nil, nil
		}
		e := r.event(event.Delete)
		e.Deleted, e.TargetBranch = true, short
		e.Payload = r.patch(map[string]any{"ref": short, "ref_type": kind})
		return r.one(e), nil
	}
	e := r.event(event.Push)
	if kind == "tag" {
		e.Type = event.Tag
		// An annotated tag is an object of its own; what runs is its commit.
		for _, commit := range []string{r.at("checkout_sha"), r.at("head_commit", "id")} {
			if repository.IsSHA(commit) {
				sha = commit
				break
			}
		}
	}
	e.Action, e.TargetBranch = "", short
	e.Ref.Name, e.Ref.SHA = ref, sha
	if !repository.IsZero(before) {
		e.Base = engine.Ref{Repo: r.repo, Name: ref, SHA: before}
	}
	if r.preset.separate || !repository.IsZero(before) {
		return r.one(e), nil
	}
	made := r.event(event.Create)
	made.Action, made.TargetBranch = "", short
	made.Payload = r.patch(map[string]any{"ref": short, "ref_type": kind})
	return []provider.Event{e, made}, nil
}

// pull reads events about a pull or merge request. The words differ, the facts
// do not.
func (r *reading) pull(kind string) provider.Event {
	e := r.event(kind)
	pr := event.Field(any(r.body), "pull_request")
	if pr == nil {
		pr = event.Field(any(r.body), "object_attributes")
	}
	at := func(names ...string) string { return scalar(event.Field(pr, names...)) }
	e.BaseBranch = first(at("base", "ref"), at("target_branch"), at("base_branch"))
	e.TargetBranch = first(e.BaseBranch, r.branch, event.InternalBranch)
	e.SourceBranch = first(at("head", "ref"), at("source_branch"), at("head_branch"))
	e.IsForkPR = r.fork(pr)
	if sha := first(at("head", "sha"), at("last_commit", "id")); repository.IsSHA(sha) {
		e.Ref.SHA = sha
	}
	number := first(at("number"), at("iid"), r.at("number"))
	switch {
	case r.preset.pull != "" && number != "" && strings.Trim(number, "0123456789") == "":
		e.Ref.Name = fmt.Sprintf(r.preset.pull, number)
	case e.SourceBranch != "" && !e.IsForkPR:
		e.Ref.Name = "refs/heads/" + e.SourceBranch
	}
	e.Base = engine.Ref{Repo: r.repo, Name: "refs/heads/" + e.TargetBranch}
	if sha := at("base", "sha"); repository.IsSHA(sha) {
		e.Base.SHA = sha
	}
	// GitLab says "update" of new commits and of a new title alike; only the
	// former has the commit that was there before.
	if e.Action == "edited" && at("oldrev") != "" {
		e.Action = "synchronize"
	}
	return e
}

// fork tells whether a pull request's commits come from another repository. One
// whose repository is null was made from a fork that is gone by now: what is
// not known to be from here is from anybody.
func (r *reading) fork(pr any) bool {
	for _, side := range []struct {
		from, into []string
		name       string
	}{{[]string{"head", "repo"}, []string{"base", "repo"}, "full_name"}, {[]string{"head_repo"}, []string{"base_repo"}, "full_name"},
		{[]string{"source"}, []string{"target"}, "path_with_namespace"}} {
		if !event.Has(pr, side.from...) {
			continue
		}
		into := first(scalar(event.Field(pr, append(side.into, side.name)...)), r.repo)
		if scalar(event.Field(pr, append(side.from, side.name)...)) != into {
			return true
		}
	}
	source, target := scalar(event.Field(pr, "source_project_id")), scalar(event.Field(pr, "target_project_id"))
	return source != target
}
