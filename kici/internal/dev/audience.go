package dev

import (
	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/kici/internal/local"
)

// Audience is shown what a dev does. Runs go on side by side, so calls come from
// several goroutines; those about one run one at a time.
type Audience interface {
	// Ready: events are taken in from now on.
	Ready(Ready)
	// Arrived: an event was worked through. What it started is begun after it.
	Arrived(Arrival)
	// Begin: a run is told to what it returns, then to End.
	Begin(Run) local.Observer
	End(Run, local.WorkflowResult)
	// Notice is a sentence for a person.
	Notice(text string)
}

// Ready says what a dev is, once it runs.
type Ready struct {
	Repo     string // owner/name
	Root     string
	URL      string
	State    string // folder
	Branches int
	Tags     int
}

// Arrival is an event that was worked through.
type Arrival struct {
	Event     string // with its action: "pull_request opened"
	Ref, SHA  string
	Decisions []trigger.Decision
	Runs      int
	Err       error // a *CommitError
}

// Run is one run of a dev.
type Run struct {
	ID       string
	Workflow string
	Event    string
	Ref, SHA string
	Logs     string // URL
	Earlier  bool   // it began under a dev that is no more
}
