package route

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/engine"
)

// Default is the label of a job that asks for none.
const Default = "default"

// demand is a route taken apart: labels that must be there, and that must not.
type demand struct {
	On  []string `json:"on"`
	Not []string `json:"not,omitempty"`
}

// Of is the route of a job that wants all labels of on and none of not. A job
// that names no label runs where the label "default" is.
func Of(on, not []string) engine.Route {
	d := demand{normal(on), normal(not)}
	if len(d.On) == 0 {
		d.On = []string{Default}
	}
	b, _ := json.Marshal(d) // strings always encode
	return engine.Route(b)
}

// normal is lower case, sorted, each once.
func normal(labels []string) []string {
	var out []string
	for _, l := range labels {
		if l = strings.ToLower(strings.TrimSpace(l)); l != "" {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Offer is what an agent brings.
type Offer struct {
	Labels []string
	// Mandatory labels are for jobs that ask for all of them, and for no others.
	Mandatory []string
}

// Match tells whether an agent may take jobs of a route; why not names the first
// label that stands against it.
func Match(r engine.Route, o Offer) (ok bool, whyNot string) {
	var d demand
	if err := json.Unmarshal([]byte(r), &d); err != nil {
		return false, fmt.Sprintf("route %q cannot be read", r)
	}
	has := normal(o.Labels)
	for _, l := range d.On {
		if !covered(l, has) {
			return false, "it lacks the label " + l
		}
	}
	for _, l := range d.Not {
		if covered(l, has) {
			return false, "the job excludes its label " + l
		}
	}
	for _, l := range normal(o.Mandatory) {
		if !slices.Contains(d.On, l) {
			return false, "it takes only jobs that ask for " + l
		}
	}
	return true, ""
}

// RolePrefix begins labels that say which pseudo-jobs an agent does.
const RolePrefix = "kici:role:"

// InitRunner is the role that evaluates what a plan needs, and runs the hooks of
// workflows.
const InitRunner = RolePrefix + "init-runner"

// covered looks a label up. An agent that names no role has all of them, and an
// agent without labels of its own also takes what asks for none.
func covered(label string, has []string) bool {
	if slices.Contains(has, label) {
		return true
	}
	system := func(l string) bool { return strings.HasPrefix(l, "kici:") }
	role := func(l string) bool { return strings.HasPrefix(l, RolePrefix) }
	switch {
	case role(label):
		return !slices.ContainsFunc(has, role)
	case label == Default:
		return !slices.ContainsFunc(has, func(l string) bool { return !system(l) })
	}
	return false
}

// Labels are those a route asks for, for showing.
func Labels(r engine.Route) []string {
	var d demand
	if json.Unmarshal([]byte(r), &d) != nil {
		return nil
	}
	return d.On
}
