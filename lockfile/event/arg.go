package event

import (
	"fmt"
	"slices"
	"strings"
)

// Arg is an event as typed on a command line.
type Arg struct {
	Name   string // the word before the colon, canonical: "pr", "generic_webhook"
	Type   string // event type
	Action string // action, when the word has one
	Value  string // free text after the colon: cron, source, status, ref type, event name
}

// String is the canonical spelling.
func (a Arg) String() string {
	switch {
	case a.Value != "":
		return a.Name + ":" + a.Value
	case a.Action != "":
		return a.Name + ":" + a.Action
	}
	return a.Name
}

type family struct {
	name, typ string
	actions   []string          // allowed after the colon; the first is the default
	aliases   map[string]string // other spellings of actions
	required  bool              // the bare word means nothing
	values    []string          // allowed free text; the first is the default
	free      bool              // any text may follow
	missing   string            // free text when there is none
	asAction  bool              // the free text is the action
}

// families is the grammar, in the order of the help text.
var families = []family{
	{name: "pr", typ: PullRequest, required: true, actions: []string{"opened", "synchronize", "closed", "reopened"},
		aliases: map[string]string{"open": "opened", "sync": "synchronize", "close": "closed", "reopen": "reopened"}},
	{name: "push", typ: Push},
	{name: "tag", typ: Tag},
	{name: "comment", typ: Comment, actions: []string{"created", "edited", "deleted"}},
	{name: "review", typ: Review, actions: []string{"submitted", "edited", "dismissed"}},
	{name: "review_comment", typ: ReviewComment, actions: []string{"created", "edited", "deleted"}},
	{name: "release", typ: Release, actions: []string{"published", "unpublished", "created", "edited", "deleted", "prereleased", "released"}},
	{name: "dispatch", typ: Dispatch, free: true, asAction: true},
	{name: "create", typ: Create, values: []string{"branch", "tag"}},
	{name: "delete", typ: Delete, values: []string{"branch", "tag"}},
	{name: "status", typ: Status},
	{name: "workflow_run", typ: WorkflowRun, actions: []string{"completed", "requested", "in_progress"}},
	{name: "fork", typ: Fork},
	{name: "star", typ: Star, actions: []string{"created", "deleted"}},
	{name: "watch", typ: Watch, actions: []string{"started"}},
	{name: "kici_event", typ: KiciEvent, free: true, missing: "test-event"},
	{name: "workflow_complete", typ: WorkflowComplete, free: true, missing: "success"},
	{name: "job_complete", typ: JobComplete, free: true, missing: "success"},
	{name: "generic_webhook", typ: GenericWebhook, free: true, missing: defaultSource},
	{name: "webhook", typ: GenericWebhook, free: true, required: true},
	{name: "schedule", typ: Schedule, free: true, missing: AnyCron},
	{name: "lifecycle", typ: Lifecycle, missing: LifecycleWorkflowComplete,
		values: []string{LifecycleWorkflowComplete, LifecycleJobComplete, LifecycleJobFailed, LifecycleRegistrationUpdated}},
}

// defaultSource is the generic source when none is typed.
const defaultSource = "external-service"

// UnknownError says that a typed event does not exist.
type UnknownError struct {
	Arg        string
	Known      []string // what may be typed
	Suggestion string   // the closest of them, or ""
}

func (e *UnknownError) Error() string {
	msg := fmt.Sprintf("event: unknown event %q", e.Arg)
	if e.Suggestion != "" {
		msg += fmt.Sprintf(", did you mean %q?", e.Suggestion)
	}
	return msg + "\nknown events: " + strings.Join(e.Known, ", ")
}

// ParseArg reads an event argument. Words and actions may be in any case; free
// text keeps its case, because sources and event names are compared exactly.
func ParseArg(text string) (Arg, error) {
	text = strings.TrimSpace(text)
	head, rest, colon := strings.Cut(text, ":")
	head, rest = strings.ToLower(head), strings.TrimSpace(rest)
	i := slices.IndexFunc(families, func(f family) bool { return f.name == head })
	if i < 0 || colon && rest == "" {
		return Arg{}, unknown(text)
	}
	f := families[i]
	arg := Arg{Name: f.name, Type: f.typ}
	if f.name == "webhook" {
		arg.Name = "generic_webhook"
	}
	if rest == "" && f.required {
		return Arg{}, unknown(text)
	}
	switch {
	case f.actions != nil:
		arg.Action = f.actions[0]
		if rest != "" {
			arg.Action = f.action(strings.ToLower(rest))
		}
		if arg.Action == "" {
			return Arg{}, unknown(text)
		}
	case f.values != nil:
		arg.Value = f.values[0]
		if rest != "" {
			arg.Value = strings.ToLower(rest)
		}
		if !slices.Contains(f.values, arg.Value) {
			return Arg{}, unknown(text)
		}
	case f.free && f.asAction:
		arg.Action = rest
	case f.free:
		if arg.Value = rest; rest == "" {
			arg.Value = f.missing
		}
	case rest != "":
		return Arg{}, unknown(text)
	}
	return arg, nil
}

func (f family) action(word string) string {
	if full, ok := f.aliases[word]; ok {
		return full
	}
	if slices.Contains(f.actions, word) {
		return word
	}
	return ""
}

// Names lists everything that may be typed, free text as a placeholder.
func Names() []string {
	var out []string
	for _, f := range families {
		if !f.required {
			out = append(out, f.name)
		}
		for _, a := range append(slices.Clone(f.actions), f.values...) {
			out = append(out, f.name+":"+a)
		}
		if placeholder := placeholders[f.name]; placeholder != "" {
			out = append(out, f.name+":"+placeholder)
		}
	}
	return out
}

var placeholders = map[string]string{"dispatch": "<type>", "kici_event": "<name>", "workflow_complete": "<status>",
	"job_complete": "<status>", "generic_webhook": "<source>", "webhook": "<source>", "schedule": "<cron>"}

func unknown(text string) error {
	known := Names()
	best := ""
	if near := Nearest(text, known); len(near) > 0 {
		best = near[0]
	}
	if strings.EqualFold(text, "pr") || strings.EqualFold(text, "pull_request") {
		best = "pr:opened"
	}
	if strings.HasPrefix(best, "webhook:") || strings.EqualFold(text, "webhook") {
		best = "webhook:<source>"
	}
	return &UnknownError{Arg: text, Known: known, Suggestion: best}
}
