package adminclient

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Run is one workflow started for one event.
type Run struct {
	ID          string     `json:"id"`
	Workflow    string     `json:"workflow"`
	Status      string     `json:"status"`
	Reason      string     `json:"reason,omitempty"`
	Repo        string     `json:"repo"`
	Ref         string     `json:"ref"`
	SHA         string     `json:"sha"`
	Provider    string     `json:"provider"`
	RoutingKey  string     `json:"routingKey"`
	DeliveryID  string     `json:"deliveryId,omitempty"`
	ParentRunID string     `json:"parentRunId,omitempty"`
	OriginalID  string     `json:"originalRunId,omitempty"`
	TriggeredBy string     `json:"triggeredBy,omitempty"`
	CancelledBy string     `json:"cancelledBy,omitempty"`
	Group       string     `json:"concurrencyGroup,omitempty"`
	CreatedAt   time.Time  `json:"createdAt"`
	StartedAt   *time.Time `json:"startedAt,omitempty"`
	FinishedAt  *time.Time `json:"finishedAt,omitempty"`
	Jobs        []Job      `json:"jobs,omitempty"`
}

// Job is one of a run.
type Job struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Status     string     `json:"status"`
	Reason     string     `json:"reason,omitempty"`
	Needs      []string   `json:"needs,omitempty"`
	Attempts   int        `json:"attempts"`
	AttemptID  string     `json:"attemptId,omitempty"` // the last
	AgentID    string     `json:"agentId,omitempty"`
	StartedAt  *time.Time `json:"startedAt,omitempty"`
	FinishedAt *time.Time `json:"finishedAt,omitempty"`
	Steps      []Step     `json:"steps,omitempty"`
}

// Step is one of a job's last attempt.
type Step struct {
	Index      int        `json:"index"`
	Kind       string     `json:"kind"`
	Name       string     `json:"name"`
	Status     string     `json:"status"`
	Error      string     `json:"error,omitempty"`
	StartedAt  *time.Time `json:"startedAt,omitempty"`
	FinishedAt *time.Time `json:"finishedAt,omitempty"`
}

// RunFilter chooses runs; the zero value is the newest twenty.
type RunFilter struct {
	Status   []string
	Workflow string
	Repo     string
	Since    time.Time
	Limit    int
	Offset   int
}

// Runs lists newest first.
func (c *Client) Runs(ctx context.Context, f RunFilter) (out []Run, err error) {
	q := set(url.Values{}, "status", strings.Join(f.Status, ","), "workflowName", f.Workflow, "repo", f.Repo)
	if !f.Since.IsZero() {
		q.Set("since", f.Since.Format(time.RFC3339Nano))
	}
	page(q, f.Limit, f.Offset)
	return out, c.call(ctx, "GET", "/runs", q, nil, &out)
}

func page(q url.Values, limit, offset int) {
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	if offset > 0 {
		q.Set("offset", strconv.Itoa(offset))
	}
}

// Run is one with its jobs and their steps.
func (c *Client) Run(ctx context.Context, id string) (out Run, err error) {
	return out, c.call(ctx, "GET", "/runs"+seg(id), url.Values{"includeSteps": {"true"}}, nil, &out)
}

// Cancel asks for the end of a run.
type Cancel struct {
	Reason string `json:"reason,omitempty"`
	Force  bool   `json:"force,omitempty"` // at once, without hooks
}

// CancelRun returns how many jobs it concerns.
func (c *Client) CancelRun(ctx context.Context, id string, q Cancel) (int, error) {
	var out struct {
		Jobs int `json:"jobs"`
	}
	err := c.call(ctx, "POST", "/runs"+seg(id)+"/cancel", nil, q, &out)
	return out.Jobs, err
}

// RerunRun repeats a finished run at its own commit, all of it or what failed.
func (c *Client) RerunRun(ctx context.Context, id string, failedOnly bool) (string, error) {
	var out struct {
		RunID string `json:"runId"`
	}
	err := c.call(ctx, "POST", "/runs"+seg(id)+"/rerun", nil, map[string]bool{"failedOnly": failedOnly}, &out)
	return out.RunID, err
}

// ExplainRun says why the run was started, and its siblings were not.
func (c *Client) ExplainRun(ctx context.Context, id string) (out Delivery, err error) {
	return out, c.call(ctx, "GET", "/runs"+seg(id)+"/explain", nil, nil, &out)
}

// LogFilter chooses lines; the zero value is all there are.
type LogFilter struct {
	Job    string // name or id
	Step   *int
	Tail   int
	Follow bool // and those to come, until the run has finished
}

// LogLine is one line of a step.
type LogLine struct {
	Job    string    `json:"job"`
	Step   int       `json:"step"`
	Number int64     `json:"line"`
	At     time.Time `json:"at"`
	Text   string    `json:"text"`
}

// Logs reads lines as they arrive. An error ends it.
func (c *Client) Logs(ctx context.Context, run string, f LogFilter) iter.Seq2[LogLine, error] {
	return c.logs(ctx, "/runs"+seg(run)+"/logs", f)
}

func (c *Client) logs(ctx context.Context, path string, f LogFilter) iter.Seq2[LogLine, error] {
	return func(yield func(LogLine, error) bool) {
		q := set(url.Values{}, "job", f.Job)
		if f.Step != nil {
			q.Set("step", strconv.Itoa(*f.Step))
		}
		if f.Tail > 0 {
			q.Set("tail", strconv.Itoa(f.Tail))
		}
		if f.Follow {
			q.Set("follow", "true")
		}
		stream, err := c.open(ctx, "GET", path, q, nil)
		if err != nil {
			yield(LogLine{}, err)
			return
		}
		defer stream.Close() //nolint:errcheck // it was only read
		readLines(stream, yield)
	}
}

// lastLine ends a stream that is whole: {"end":true}, or an error.
type lastLine struct {
	LogLine
	End   bool   `json:"end"`
	Error string `json:"error"`
}

func readLines(r io.Reader, yield func(LogLine, error) bool) {
	decoder := json.NewDecoder(bufio.NewReader(r))
	for {
		var l lastLine
		err := decoder.Decode(&l)
		switch {
		case err != nil:
			yield(LogLine{}, fmt.Errorf("adminclient: the log was cut off: %w", err))
			return
		case l.Error != "":
			yield(LogLine{}, &Error{Message: l.Error})
			return
		case l.End:
			return
		}
		if !yield(l.LogLine, nil) {
			return
		}
	}
}
