package adminclient

import (
	"context"
	"iter"
	"net/url"
	"time"
)

// AuthorPrefix is where the API of authors lies.
const AuthorPrefix = "/api/v1"

// Author talks to an orchestrator with an API key, as the kici command does: it
// sees and cancels what the key is for.
type Author struct{ c Client }

// NewAuthor makes one.
func NewAuthor(base, key string) *Author {
	a := &Author{*New(base, key)}
	a.c.prefix = AuthorPrefix
	return a
}

// Identity is who a key makes the asker.
type Identity struct {
	Label       string     `json:"label,omitempty"`
	KeyPrefix   string     `json:"keyPrefix"`
	Org         string     `json:"org"`
	RoutingKeys []string   `json:"routingKeys"`
	ExpiresAt   *time.Time `json:"expiresAt,omitempty"`
	Version     string     `json:"orchestratorVersion"`
}

// Who asks whom the key belongs to.
func (a *Author) Who(ctx context.Context) (out Identity, err error) {
	return out, a.c.call(ctx, "GET", "/auth", nil, nil, &out)
}

// Run is a run with its jobs and their steps.
func (a *Author) Run(ctx context.Context, id string) (out Run, err error) {
	return out, a.c.call(ctx, "GET", "/test/runs"+seg(id), nil, nil, &out)
}

// Logs reads lines as they arrive. An error ends it.
func (a *Author) Logs(ctx context.Context, run string, f LogFilter) iter.Seq2[LogLine, error] {
	return a.c.logs(ctx, "/test/runs"+seg(run)+"/logs", f)
}

// AuthorCancel asks for the end of a run, or of all unfinished runs of a branch.
type AuthorCancel struct {
	RunID  string `json:"runId,omitempty"`
	Branch string `json:"branch,omitempty"`
	Repo   string `json:"repo,omitempty"` // only this one's branch
	Force  bool   `json:"force,omitempty"`
}

// Cancelled are the runs that it concerned.
type Cancelled struct {
	RunIDs []string `json:"cancelled"`
}

// Cancel ends runs.
func (a *Author) Cancel(ctx context.Context, q AuthorCancel) (out Cancelled, err error) {
	return out, a.c.call(ctx, "POST", "/test/cancel", nil, q, &out)
}

// Workflow is one that is registered: it stands in the lock file of a default
// branch and hears events that come from no commit.
type Workflow struct {
	Name       string    `json:"workflowName"`
	Repo       string    `json:"repo"`
	Ref        string    `json:"ref"`
	SHA        string    `json:"sha"`
	RoutingKey string    `json:"routingKey"`
	Triggers   []string  `json:"triggers"` // their types
	UpdatedAt  time.Time `json:"updatedAt"`
}

// Workflows lists them; empty filters take all.
func (a *Author) Workflows(ctx context.Context, repo, triggerType string) (out []Workflow, err error) {
	return out, a.c.call(ctx, "GET", "/workflows", set(url.Values{}, "repo", repo, "triggerType", triggerType), nil, &out)
}
