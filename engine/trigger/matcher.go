package trigger

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/pattern"
)

// Check is one comparison that was made.
type Check struct {
	Check   string `json:"check"`
	Pattern string `json:"pattern"`
	Value   string `json:"value"`
	Passed  bool   `json:"passed"`
	Reason  string `json:"reason,omitempty"`
}

// Decision is the verdict about one workflow. After a match Checks holds those
// of the winning trigger only, otherwise everything that was tried.
type Decision struct {
	WorkflowName   string  `json:"workflowName"`
	Matched        bool    `json:"matched"`
	MatchedTrigger *int    `json:"matchedTrigger,omitempty"` // index, from zero
	Checks         []Check `json:"checks"`
	Summary        string  `json:"summary"`
	// Err is set when a trigger could not be evaluated: a broken pattern, or an
	// expression that ran out of time. Another trigger may still have matched.
	Err      error              `json:"-"`
	Workflow *lockfile.Workflow `json:"-"`
	// Event is what the winning trigger saw: a completion, say, as the lifecycle
	// event that it also is.
	Event *event.Event `json:"-"`
}

// Veto is asked about a trigger that would match, and gives the check that it
// fails, or nil: what a matcher cannot know, such as who sent the event.
type Veto func(w *lockfile.Workflow, t *lockfile.Trigger) *Check

// FirstFailed is the check that best explains why nothing matched: the first
// failed one of a trigger that listens to this type of event, or simply the
// first. Nil after a match.
func (d *Decision) FirstFailed() *Check {
	var first *Check
	for i := range d.Checks {
		c := &d.Checks[i]
		if c.Passed {
			continue
		}
		if c.Check != checkType {
			return c
		}
		if first == nil {
			first = c
		}
	}
	return first
}

// PatternError names a trigger that cannot be used.
type PatternError struct {
	Workflow string
	Trigger  int // index, from zero
	Err      error
}

func (e *PatternError) Error() string {
	return fmt.Sprintf("trigger: workflow %q, trigger %d: %v", e.Workflow, e.Trigger+1, e.Err)
}

// Unwrap gives the faults.
func (e *PatternError) Unwrap() error { return e.Err }

// Matcher is a compiled lock file. It is immutable and may be shared.
type Matcher struct {
	workflows []workflow
}

type workflow struct {
	lock     *lockfile.Workflow
	triggers []compiled
}

type compiled struct {
	*pattern.Trigger
	err error
}

// Compile prepares every trigger of a lock file. The matcher is usable even
// when some triggers are broken; see Err.
func Compile(f *lockfile.File) *Matcher {
	m := &Matcher{workflows: make([]workflow, len(f.Workflows))}
	for i := range f.Workflows {
		w := workflow{lock: &f.Workflows[i]}
		for k, t := range w.lock.Triggers {
			c, faults := pattern.CompileTrigger(t)
			one := compiled{Trigger: c}
			if err := pattern.Join(faults); err != nil {
				one.err = &PatternError{w.lock.Name, k, err}
			}
			w.triggers = append(w.triggers, one)
		}
		m.workflows[i] = w
	}
	return m
}

// Err joins the errors of all broken triggers, each a *PatternError.
func (m *Matcher) Err() error {
	var errs []error
	for _, w := range m.workflows {
		for _, t := range w.triggers {
			errs = append(errs, t.err)
		}
	}
	return errors.Join(errs...)
}

// NeedsChangedFiles tells whether some push or pull-request trigger filters on
// paths, so that the caller fetches the list only when somebody asks.
func (m *Matcher) NeedsChangedFiles() bool {
	for _, w := range m.workflows {
		for _, t := range w.triggers {
			if t.err == nil && !t.Paths.Empty() {
				return true
			}
		}
	}
	return false
}

// Match decides about every workflow.
func (m *Matcher) Match(e *event.Event) []Decision { return m.Weigh(e) }

// Weigh is Match with vetoes: a trigger that one is against does not match, and the
// next of its workflow is tried.
func (m *Matcher) Weigh(e *event.Event, vetoes ...Veto) []Decision {
	in := newInput(e)
	decisions := make([]Decision, len(m.workflows))
	for i := range m.workflows {
		decisions[i] = m.workflows[i].decide(in, vetoes)
	}
	return decisions
}

// Matched picks the decisions that matched.
func Matched(decisions []Decision) []Decision {
	var out []Decision
	for _, d := range decisions {
		if d.Matched {
			out = append(out, d)
		}
	}
	return out
}

func (w *workflow) decide(in *input, vetoes []Veto) Decision {
	d := Decision{WorkflowName: w.lock.Name, Workflow: w.lock, Checks: []Check{}}
	if len(w.triggers) == 0 {
		d.Summary = "the workflow has no triggers"
		return d
	}
	var errs []error
	for i := range w.triggers {
		t := &w.triggers[i]
		if t.err != nil {
			errs = append(errs, t.err)
			d.Checks = append(d.Checks, Check{Check: checkPatterns, Pattern: string(t.Lock.Type), Reason: t.err.Error()})
			continue
		}
		checks, seen, err := in.evaluate(t.Trigger)
		if err != nil {
			errs = append(errs, &PatternError{w.lock.Name, i, err})
		}
		if failed := w.vetoed(t, vetoes, seen != nil); failed != nil {
			checks, seen = append(checks, *failed), nil
		}
		if seen != nil {
			d.Matched, d.MatchedTrigger, d.Checks, d.Event = true, &i, checks, seen
			d.Summary = fmt.Sprintf("trigger %d (%s) matched", i+1, t.Lock.Type)
			d.Err = errors.Join(errs...)
			return d
		}
		d.Checks = append(d.Checks, checks...)
	}
	d.Err = errors.Join(errs...)
	d.Summary = summary(len(w.triggers), d.FirstFailed())
	return d
}

func (w *workflow) vetoed(t *compiled, vetoes []Veto, matches bool) *Check {
	if !matches {
		return nil
	}
	for _, v := range vetoes {
		if failed := v(w.lock, &t.Lock); failed != nil {
			return failed
		}
	}
	return nil
}

// Concerns tells whether a trigger listens to this kind of event at all, which
// costs next to nothing to ask.
func Concerns(t *lockfile.Trigger, e *event.Event) bool {
	switch t.Type {
	case lockfile.TriggerWebhook:
		return slices.Contains(t.Events, e.Type) || e.RawName != "" && slices.Contains(t.Events, e.RawName)
	case lockfile.TriggerLifecycle:
		return e.Type == event.Lifecycle || slices.ContainsFunc(event.LifecycleOf(e), func(d event.Event) bool {
			return slices.Contains(t.Events, event.Text(d.Body(), "lifecycleEvent"))
		})
	}
	want, known := eventTypes[t.Type]
	return known && want == e.Type
}

func summary(triggers int, failed *Check) string {
	s := "no trigger matched"
	if triggers == 1 {
		s = "the trigger did not match"
	}
	if failed == nil {
		return s
	}
	if failed.Reason != "" {
		return s + ": " + failed.Check + ": " + failed.Reason
	}
	return fmt.Sprintf("%s: %s is %q, want %s", s, failed.Check, failed.Value, failed.Pattern)
}
