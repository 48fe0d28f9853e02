package dev

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/kici/internal/local"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// ErrNotRunning: no dev runs for the repository.
var ErrNotRunning = errors.New("no kici dev runs for this repository")

// Triggered is what a dev made of an event.
type Triggered struct {
	URL       string
	Runs      []TriggeredRun
	Decisions []trigger.Decision
}

// TriggeredRun is a run that was started.
type TriggeredRun struct{ Workflow, Logs string }

// Trigger hands an event to the dev that runs for the repository of Options.Dir.
// Of the options those of Once's event count.
func Trigger(ctx context.Context, o Options) (*Triggered, error) {
	if _, err := event.ParseArg(o.Event); err != nil {
		return nil, &local.UsageError{Message: err.Error()}
	}
	repo, err := open(ctx, o.Dir, o.Environ)
	if err != nil {
		return nil, err
	}
	home, err := placeOf(repo, o.Environ)
	if err != nil {
		return nil, err
	}
	is, err := home.read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, fmt.Errorf("dev: %s: %w", home.file(), err)
	}
	return is.ask(ctx, question{Event: o.Event, Branch: o.Branch, SHA: o.SHA, Payload: o.Payload})
}

// askLimit bounds how long a dev may think.
const askLimit = time.Minute

func (r *running) ask(ctx context.Context, q question) (*Triggered, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, &local.UsageError{Message: "the payload is no JSON: " + err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL+triggerPath, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("dev: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+r.Token)
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil && ctx.Err() == nil { // it was killed, and its file lies
		return nil, fmt.Errorf("%w: process %d has left its file behind", ErrNotRunning, r.PID)
	}
	if err != nil {
		return nil, fmt.Errorf("dev: %w", err)
	}
	defer res.Body.Close()
	var a answer
	decodeErr := json.NewDecoder(res.Body).Decode(&a)
	switch {
	case res.StatusCode == http.StatusUnauthorized, res.StatusCode == http.StatusNotFound, decodeErr != nil:
		// Something else has its port now.
		return nil, fmt.Errorf("%w: process %d has left its file behind", ErrNotRunning, r.PID)
	case a.Usage:
		return nil, &local.UsageError{Message: a.Problem, Hint: a.Hint}
	case a.Problem != "":
		return nil, &CommitError{Reason: a.Problem, Hint: a.Hint}
	}
	out := &Triggered{URL: r.URL, Decisions: a.Decisions}
	for _, s := range a.Runs {
		out.Runs = append(out.Runs, TriggeredRun(s))
	}
	return out, nil
}
