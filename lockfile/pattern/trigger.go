package pattern

import (
	"errors"

	"github.com/kici-dev/kici-go/lockfile"
)

// Trigger is a trigger with all its patterns compiled. Lists are never nil.
type Trigger struct {
	Lock           lockfile.Trigger
	TargetBranches *List
	SourceBranches *List
	Branches       *List
	Patterns       *List
	Paths          *List
	StatusContexts *List
	Repos          *List
	Body           *List // of bodyMatch
	Conditions     *Conditions
	Schedule       *Schedule // nil for other triggers
}

// Fault is a pattern of a trigger that cannot be compiled. Field is the key in
// the lock file.
type Fault struct {
	Field string
	Err   error
}

func (f *Fault) Error() string { return f.Field + ": " + f.Err.Error() }

// Unwrap gives the reason.
func (f *Fault) Unwrap() error { return f.Err }

// CompileTrigger compiles every pattern of a trigger. Faults are all reported;
// with any of them the trigger must not be used, because a list that lost a
// pattern would admit too much or too little.
func CompileTrigger(t lockfile.Trigger) (*Trigger, []*Fault) {
	c := &Trigger{Lock: t}
	var faults []*Fault
	fault := func(field string, err error) {
		if err != nil {
			faults = append(faults, &Fault{field, err})
		}
	}
	list := func(field string, patterns []lockfile.Pattern, mode Mode) *List {
		l, err := CompileList(patterns, mode)
		fault(field, err)
		return l
	}
	c.TargetBranches = list("targetBranches", t.TargetBranches, AnyOf)
	c.SourceBranches = list("sourceBranches", t.SourceBranches, AnyOf)
	c.Branches = list("branches", t.Branches, AnyOf)
	c.Patterns = list("patterns", t.Patterns, AnyOf)
	c.StatusContexts = list("contexts", Globs(t.StatusContexts), AnyOf)
	c.Paths = list("paths", t.Paths, Excluding)
	c.Repos = list("repos", t.Repos, Excluding)
	var body []lockfile.Pattern
	if t.BodyMatch != nil {
		body = []lockfile.Pattern{*t.BodyMatch}
	}
	c.Body = list("bodyMatch", body, AnyOf)
	var err error
	c.Conditions, err = CompileConditions(t.Match, t.Not)
	fault("match", err)
	if t.Type == lockfile.TriggerSchedule {
		c.Schedule, err = ParseSchedule(t.CronExpression, t.Timezone)
		fault("cronExpression", err)
	}
	return c, faults
}

// Join makes one error of several faults, nil of none.
func Join(faults []*Fault) error {
	errs := make([]error, len(faults))
	for i, f := range faults {
		errs[i] = f
	}
	return errors.Join(errs...)
}
