package jobspec

import (
	"encoding/json"

	"github.com/kici-dev/kici-go/lockfile"
)

// Prepare lists what to evaluate before a plan can be made.
type Prepare struct {
	Rules       bool  `json:"rules,omitempty"`
	Concurrency bool  `json:"concurrency,omitempty"`
	Matrices    []int `json:"matrices,omitempty"`   // entries of the jobs array with a matrix function
	Generators  []int `json:"generators,omitempty"` // entries that are generators
	Groups      []int `json:"groups,omitempty"`     // entries whose concurrencyGroup is a function
}

// Prepared is the answer.
type Prepared struct {
	Skipped    bool                    `json:"skipped,omitempty"` // a workflow rule said no
	Group      string                  `json:"group,omitempty"`
	Matrices   map[int]json.RawMessage `json:"matrices,omitempty"`
	Generators map[int][]Generated     `json:"generators,omitempty"`
	Groups     map[int]string          `json:"groups,omitempty"`
}

// Generated describes one job that a generator made.
type Generated struct {
	Name        string                 `json:"name"`
	RunsOn      string                 `json:"runsOn,omitempty"`
	Needs       []GeneratedNeed        `json:"needs,omitempty"`
	Matrix      json.RawMessage        `json:"matrix,omitempty"`
	Include     []lockfile.Map[string] `json:"include,omitempty"`
	Exclude     []lockfile.Map[string] `json:"exclude,omitempty"`
	Checkout    *bool                  `json:"checkout,omitempty"`
	Timeout     float64                `json:"timeout,omitempty"`
	GracePeriod float64                `json:"gracePeriod,omitempty"`
	// ConcurrencyGroup is the value; a function has been called by then.
	ConcurrencyGroup string `json:"concurrencyGroup,omitempty"`
}

// GeneratedNeed is an edge of a generated job.
type GeneratedNeed struct {
	Job      string `json:"job,omitempty"`
	Group    string `json:"group,omitempty"`
	IfFailed string `json:"ifFailed,omitempty"`
}
