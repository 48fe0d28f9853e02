package local

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/internal/repository"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// Trigger asks for a delivery.
type Trigger struct {
	Event string // as typed: "push", "pr:opened", "dispatch:deploy"
	// Ref is a branch, a tag or a whole ref name; empty is HEAD. Of a pull request
	// it is the branch to be merged.
	Ref string
	// SHA is the commit; empty is Ref's tip. Before is what it is compared with:
	// empty is its parent, the zero id a branch that is new.
	SHA, Before string
	Target      string          // of a pull request; empty is the default branch
	Repo        string          // full name; empty is the source's
	Payload     json.RawMessage // replaces the typical one
}

// delivery is the body of what Trigger makes. It holds all that the repository
// was asked, so that normalising asks nobody.
type delivery struct {
	Event         string          `json:"event"`
	Ref           string          `json:"ref"` // whole, or empty for a commit that no ref names
	SHA           string          `json:"sha"`
	Before        string          `json:"before,omitempty"`
	Target        string          `json:"target,omitempty"`
	TargetSHA     string          `json:"targetSha,omitempty"`
	Repo          string          `json:"repo,omitempty"`
	DefaultBranch string          `json:"defaultBranch,omitempty"`
	Author        string          `json:"author,omitempty"`
	Email         string          `json:"email,omitempty"`
	Message       string          `json:"message,omitempty"`
	Payload       json.RawMessage `json:"payload,omitempty"`
}

// Trigger looks at the repository and makes the delivery. A mistyped event is
// an *[event.UnknownError].
func (p *Provider) Trigger(ctx context.Context, s *engine.Source, t Trigger) (*provider.Inbound, error) {
	c, err := ParseConfig(s.Config)
	if err != nil {
		return nil, err
	}
	arg, err := event.ParseArg(t.Event)
	if err != nil {
		return nil, err
	}
	d := delivery{Event: arg.String(), Repo: t.Repo, SHA: t.SHA, Before: t.Before, Target: t.Target, DefaultBranch: c.DefaultBranch, Payload: t.Payload}
	if d.Repo == "" {
		d.Repo = c.RepoFullName
	}
	if err := p.look(ctx, c.Path, t.Ref, &d); err != nil {
		return nil, err
	}
	if arg.Type == event.PullRequest {
		if d.Target == "" {
			d.Target = d.DefaultBranch
		}
		target, err := p.git.Find(ctx, c.Path, d.Target)
		if err != nil {
			return nil, fmt.Errorf("the pull request's target: %w", err)
		}
		d.TargetSHA = target.SHA
	}
	body, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("%w: the payload: %w", provider.ErrMalformed, err)
	}
	return &provider.Inbound{Source: s, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Inside: true}, nil
}

// look fills in what the repository knows.
func (p *Provider) look(ctx context.Context, dir, ref string, d *delivery) error {
	// A commit and a whole name beside it are believed: kici dev saw both.
	if d.SHA != "" && strings.HasPrefix(ref, "refs/") {
		d.Ref = ref
	} else {
		found, err := p.git.Find(ctx, dir, ref)
		switch {
		case err == nil:
			d.Ref = found.Name
			if d.SHA == "" {
				d.SHA = found.SHA
			}
		case d.SHA == "" || ref != "":
			return err
		}
	}
	commit, err := p.git.Commit(ctx, dir, d.SHA)
	if err != nil {
		return err
	}
	d.SHA, d.Author, d.Email, d.Message = commit.SHA, commit.Author, commit.Email, commit.Subject
	if d.Before == "" {
		d.Before = commit.Parent
	}
	if d.Before == "" {
		d.Before = strings.Repeat("0", len(d.SHA))
	}
	if d.DefaultBranch == "" {
		d.DefaultBranch, err = p.git.Default(ctx, dir)
	}
	return err
}

// Normalize makes the event of a delivery.
func (*Provider) Normalize(_ context.Context, in *provider.Inbound) ([]provider.Event, error) {
	c, err := ParseConfig(in.Source.Config)
	if err != nil {
		return nil, err
	}
	var d delivery
	if err := json.Unmarshal(in.Body, &d); err != nil {
		return nil, fmt.Errorf("%w: %w", provider.ErrMalformed, err)
	}
	arg, err := event.ParseArg(d.Event)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", provider.ErrMalformed, err)
	}
	if !repository.IsSHA(d.SHA) || d.Before != "" && !repository.IsSHA(d.Before) || d.TargetSHA != "" && !repository.IsSHA(d.TargetSHA) {
		return nil, fmt.Errorf("%w: sha, before and targetSha must be full commit ids", provider.ErrMalformed)
	}
	if d.Repo == "" {
		d.Repo = c.RepoFullName
	}
	if !c.Limits.Settings().Allows(arg.Name) {
		return nil, nil
	}
	e, err := d.envelope(arg)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", provider.ErrMalformed, err)
	}
	out := provider.Event{
		Event: e, Ref: engine.Ref{Repo: d.Repo, Name: d.Ref, SHA: d.SHA}, Base: engine.Ref{Repo: d.Repo, SHA: d.Before},
		Key: c.Key(in, "X-Delivery-Id", "X-Request-Id", "X-Idempotency-Key"), Name: arg.Name, DefaultBranch: d.DefaultBranch,
	}
	if arg.Type == event.PullRequest {
		out.Base = engine.Ref{Repo: d.Repo, Name: "refs/heads/" + d.Target, SHA: d.TargetSHA}
	}
	return []provider.Event{out}, nil
}

// envelope is the event of a local run, with what is known here and not there.
func (d *delivery) envelope(arg event.Arg) (event.Event, error) {
	owner, name := path.Split(d.Repo)
	repo := event.Repo{Owner: strings.TrimSuffix(owner, "/"), Name: name}
	branch := event.BranchOf(d.Ref)
	if tag, ok := event.TagOf(d.Ref); ok {
		branch = tag
		if arg.Type == event.Push { // as forges say it: no push ever is about a tag
			arg = event.Arg{Name: "tag", Type: event.Tag}
		}
	}
	sim := event.Simulation{Payload: d.Payload, SHA: d.SHA, Repo: repo}
	switch arg.Type {
	case event.PullRequest, event.Review, event.ReviewComment:
		sim.Branch = d.Target
	default:
		sim.Branch = branch
	}
	if d.Payload != nil { // what was given says where it belongs
		sim.Branch = ""
	}
	e, err := event.Local(arg, event.Git{Branch: branch, SHA: d.SHA}, sim)
	if err != nil {
		return event.Event{}, err
	}
	e.SourceRepo = d.Repo
	if e.Provider == "github" { // shaped like GitHub's, but not from there
		e.Provider = Name
	}
	if d.Payload == nil && e.Provider == Name {
		e.Payload, err = d.detail(arg, e.Payload)
		e.SenderUsername = d.Author
		switch arg.Type {
		case event.Comment, event.Dispatch, event.Fork, event.Star, event.Watch: // they are about the repository
			e.TargetBranch = d.DefaultBranch
		}
	}
	return e, err
}

// detail puts the commit's own words into a typical payload.
func (d *delivery) detail(arg event.Arg, payload json.RawMessage) (json.RawMessage, error) {
	var body map[string]any
	if err := json.Unmarshal(payload, &body); err != nil {
		return nil, err
	}
	body["sender"] = map[string]any{"login": d.Author}
	if repo, ok := body["repository"].(map[string]any); ok && d.DefaultBranch != "" {
		repo["default_branch"] = d.DefaultBranch
	}
	switch arg.Type {
	case event.Push, event.Tag:
		body["before"], body["after"] = d.Before, d.SHA
		if d.Ref != "" {
			body["ref"] = d.Ref
		}
		body["pusher"] = map[string]any{"name": d.Author, "email": d.Email}
		body["head_commit"] = map[string]any{"id": d.SHA, "message": d.Message, "author": map[string]any{"name": d.Author, "email": d.Email}}
	case event.PullRequest:
		if pr, ok := body["pull_request"].(map[string]any); ok {
			pr["base"] = map[string]any{"ref": d.Target, "sha": d.TargetSHA}
			pr["title"] = d.Message
		}
	}
	return json.Marshal(body)
}
