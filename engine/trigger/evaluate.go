package trigger

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/pattern"
)

// Names of checks that are not keys of the lock file.
const (
	checkType     = "event type"
	checkPatterns = "patterns"
)

// eventTypes says which event a trigger listens to. webhook is absent: it names
// its events itself.
var eventTypes = map[lockfile.TriggerType]string{
	lockfile.TriggerPR: event.PullRequest, lockfile.TriggerPush: event.Push, lockfile.TriggerTag: event.Tag,
	lockfile.TriggerComment: event.Comment, lockfile.TriggerReview: event.Review, lockfile.TriggerReviewComment: event.ReviewComment,
	lockfile.TriggerRelease: event.Release, lockfile.TriggerDispatch: event.Dispatch, lockfile.TriggerCreate: event.Create,
	lockfile.TriggerDelete: event.Delete, lockfile.TriggerStatus: event.Status, lockfile.TriggerWorkflowRun: event.WorkflowRun,
	lockfile.TriggerFork: event.Fork, lockfile.TriggerStar: event.Star, lockfile.TriggerWatch: event.Watch,
	lockfile.TriggerKiciEvent: event.KiciEvent, lockfile.TriggerWorkflowComplete: event.WorkflowComplete,
	lockfile.TriggerJobComplete: event.JobComplete, lockfile.TriggerGenericWebhook: event.GenericWebhook,
	lockfile.TriggerSchedule: event.Schedule, lockfile.TriggerLifecycle: event.Lifecycle,
}

// input is an event with its payload decoded once for all workflows.
type input struct {
	*event.Event
	body      any
	lifecycle []*input // what it also stands for
}

func newInput(e *event.Event) *input {
	in := &input{Event: e, body: e.Body()}
	for _, derived := range event.LifecycleOf(e) {
		in.lifecycle = append(in.lifecycle, &input{Event: &derived, body: derived.Body()})
	}
	return in
}

// evaluate compares one trigger. A completion also stands for lifecycle events;
// a lifecycle trigger is compared with each of them. seen is what matched.
func (in *input) evaluate(t *pattern.Trigger) (checks []Check, seen *event.Event, err error) {
	as := []*input{in}
	if t.Lock.Type == lockfile.TriggerLifecycle && len(in.lifecycle) > 0 {
		as = in.lifecycle
	}
	for _, one := range as {
		tr := &trace{in: one}
		if tr.run(t) {
			return tr.checks, one.Event, tr.err
		}
		checks, err = append(checks, tr.checks...), errors.Join(err, tr.err)
	}
	return checks, nil, err
}

// trace records the checks of one trigger. Every method returns whether to go on.
type trace struct {
	in     *input
	checks []Check
	err    error
}

func (tr *trace) add(check, pattern, value string, passed bool, reason string) bool {
	if passed {
		reason = ""
	}
	tr.checks = append(tr.checks, Check{check, pattern, value, passed, reason})
	return passed
}

// run makes the checks of a trigger in their order.
func (tr *trace) run(t *pattern.Trigger) bool {
	if want, ok := eventTypes[t.Lock.Type]; ok && !tr.add(checkType, want, tr.in.Type, want == tr.in.Type, "") {
		return false
	}
	return tr.specific(t) && tr.repos(t.Repos)
}

func (tr *trace) specific(t *pattern.Trigger) bool {
	lock, body := &t.Lock, tr.in.body
	switch lock.Type {
	case lockfile.TriggerPR:
		return tr.oneOf("events", lock.Events, tr.in.Action) && tr.patterns("targetBranches", t.TargetBranches, tr.in.TargetBranch) &&
			tr.sourceBranch(t.SourceBranches) && tr.paths(t.Paths)
	case lockfile.TriggerPush:
		return tr.patterns("branches", t.Branches, tr.in.TargetBranch) && tr.paths(t.Paths)
	case lockfile.TriggerTag:
		return tr.patterns("patterns", t.Patterns, tr.in.TargetBranch)
	case lockfile.TriggerComment:
		return tr.oneOf("actions", lock.Actions, tr.in.Action) && tr.equal("source", lock.Source, commentSource(body)) &&
			tr.patterns("bodyMatch", t.Body, event.Text(body, "comment", "body"))
	case lockfile.TriggerReview:
		return tr.oneOf("actions", lock.Actions, tr.in.Action) && tr.oneOf("states", lock.States, event.Text(body, "review", "state"))
	case lockfile.TriggerReviewComment, lockfile.TriggerRelease, lockfile.TriggerStar, lockfile.TriggerWatch:
		return tr.oneOf("actions", lock.Actions, tr.in.Action)
	case lockfile.TriggerDispatch:
		return tr.oneOf("types", lock.Types, tr.in.Action)
	case lockfile.TriggerCreate, lockfile.TriggerDelete:
		return tr.oneOf("refTypes", lock.RefTypes, event.Text(body, "ref_type")) && tr.patterns("patterns", t.Patterns, event.Text(body, "ref"))
	case lockfile.TriggerStatus:
		return tr.patterns("contexts", t.StatusContexts, event.Text(body, "context")) && tr.oneOf("states", lock.States, event.Text(body, "state"))
	case lockfile.TriggerWorkflowRun:
		return tr.oneOf("actions", lock.Actions, tr.in.Action) && tr.oneOf("workflows", lock.Workflows, event.Text(body, "workflow_run", "name")) &&
			tr.oneOf("conclusions", lock.Conclusions, event.Text(body, "workflow_run", "conclusion"))
	case lockfile.TriggerFork:
		return true
	case lockfile.TriggerWebhook:
		return tr.webhook(lock)
	}
	return tr.internal(t)
}

// internal covers the triggers of events that come from no forge.
func (tr *trace) internal(t *pattern.Trigger) bool {
	lock, body := &t.Lock, tr.in.body
	switch lock.Type {
	case lockfile.TriggerKiciEvent:
		name := event.Text(body, "eventName")
		return tr.add("eventName", lock.EventName, name, lock.EventName == name, "") &&
			tr.conditions(t.Conditions, event.Field(body, "payload")) && tr.equal("source", lock.Source, event.Text(body, "sourceRepo"))
	case lockfile.TriggerWorkflowComplete:
		return tr.equal("name", lock.Name, event.Text(body, "workflowName")) && tr.oneOf("status", lock.Status, event.Text(body, "status")) &&
			tr.equal("source", lock.Source, event.Text(body, "sourceRepo"))
	case lockfile.TriggerJobComplete:
		return tr.equal("workflow", lock.Workflow, event.Text(body, "workflowName")) && tr.equal("job", lock.Job, event.Text(body, "jobName")) &&
			tr.oneOf("status", lock.Status, event.Text(body, "status")) && tr.equal("source", lock.Source, event.Text(body, "sourceRepo"))
	case lockfile.TriggerGenericWebhook:
		return tr.genericWebhook(t)
	case lockfile.TriggerSchedule:
		cron := event.Text(body, "cronExpression")
		return tr.add("cronExpression", lock.CronExpression, cron, cron == lock.CronExpression || cron == event.AnyCron, "")
	case lockfile.TriggerLifecycle:
		name := event.Text(body, "lifecycleEvent")
		return tr.add("events", strings.Join(lock.Events, ", "), name, slices.Contains(lock.Events, name), "") &&
			tr.oneOf("sources", lock.Sources, event.Text(body, "sourceRepo"))
	}
	return tr.add(checkPatterns, string(lock.Type), "", false, fmt.Sprintf("unknown trigger type %q", lock.Type))
}

// webhook compares names: the provider's own where the event came from another
// source, else the normalised one. No events means never.
func (tr *trace) webhook(lock *lockfile.Trigger) bool {
	name := tr.in.Type
	if tr.in.RawName != "" {
		name = tr.in.RawName
	}
	return tr.add("events", strings.Join(lock.Events, ", "), name, slices.Contains(lock.Events, name), "") &&
		tr.oneOf("actions", lock.Actions, tr.in.Action)
}

func (tr *trace) genericWebhook(t *pattern.Trigger) bool {
	source := tr.in.WebhookSource
	if source == "" {
		source = event.Text(tr.in.body, "source")
	}
	kind := tr.in.Action
	if own, ok := event.Field(tr.in.body, "eventType").(string); ok {
		kind = own
	}
	return tr.add("source", t.Lock.Source, source, source == t.Lock.Source, "") &&
		tr.oneOf("events", t.Lock.Events, kind) && tr.conditions(t.Conditions, tr.in.body)
}

func commentSource(body any) string {
	if event.Has(body, "issue", "pull_request") {
		return "pr"
	}
	return "issue"
}

// oneOf: the value is one of a list; an empty list is no filter and leaves no trace.
func (tr *trace) oneOf(check string, list []string, value string) bool {
	if len(list) == 0 {
		return true
	}
	return tr.add(check, strings.Join(list, ", "), value, slices.Contains(list, value), "")
}

// equal: the value is exactly this; empty is no filter.
func (tr *trace) equal(check, want, value string) bool {
	if want == "" {
		return true
	}
	return tr.add(check, want, value, want == value, "")
}

// failed notes an error of evaluation: visible, and never a match.
func (tr *trace) failed(check, pattern, value string, err error) bool {
	tr.err = err
	return tr.add(check, pattern, value, false, err.Error())
}

func (tr *trace) patterns(check string, l *pattern.List, value string) bool {
	if l.Empty() {
		return true
	}
	ok, _, err := l.Match(value)
	if err != nil {
		return tr.failed(check, l.String(), value, err)
	}
	return tr.add(check, l.String(), value, ok, "")
}

func (tr *trace) sourceBranch(l *pattern.List) bool {
	if !l.Empty() && tr.in.SourceBranch == "" {
		return tr.add("sourceBranches", l.String(), "", false, "the event has no source branch")
	}
	return tr.patterns("sourceBranches", l, tr.in.SourceBranch)
}

func (tr *trace) repos(l *pattern.List) bool {
	if !l.Empty() && tr.in.SourceRepo == "" {
		return tr.add("repos", l.String(), "", false, "the event names no repository")
	}
	return tr.patterns("repos", l, tr.in.SourceRepo)
}

func (tr *trace) paths(l *pattern.List) bool {
	if l.Empty() {
		return true
	}
	files := tr.in.ChangedFiles
	if len(files) == 0 {
		return tr.add("paths", l.String(), "", false, "no changed files are known")
	}
	ok, which, _, err := l.MatchAny(files)
	switch {
	case err != nil:
		return tr.failed("paths", l.String(), which, err)
	case ok:
		return tr.add("paths", l.String(), which, true, "")
	}
	return tr.add("paths", l.String(), abridged(files), false, "")
}

// abridged keeps a trace readable when a push touches thousands of files.
func abridged(files []string) string {
	const most = 10
	if len(files) <= most {
		return strings.Join(files, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(files[:most], ", "), len(files)-most)
}

func (tr *trace) conditions(c *pattern.Conditions, doc any) bool {
	if c.Empty() {
		return true
	}
	finding, err := c.Check(doc)
	if err != nil {
		return tr.failed("match", "", "", err)
	}
	if finding == nil {
		return tr.add("match", "all conditions", "", true, "")
	}
	check := "match"
	if finding.Negative {
		check = "not"
	}
	return tr.add(check, finding.Path+" = "+finding.Expected, values(finding.Found), false, "")
}

func values(found []any) string {
	if len(found) == 0 {
		return "nothing there"
	}
	parts := make([]string, len(found))
	for i, f := range found {
		parts[i] = fmt.Sprint(f)
	}
	return abridged(parts)
}
