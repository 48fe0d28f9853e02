package lockfile

import "encoding/json"

// TriggerType is the discriminator of a trigger.
type TriggerType string

// All trigger types of schema 15.
const (
	TriggerPR               TriggerType = "pr"
	TriggerPush             TriggerType = "push"
	TriggerTag              TriggerType = "tag"
	TriggerComment          TriggerType = "comment"
	TriggerReview           TriggerType = "review"
	TriggerReviewComment    TriggerType = "review_comment"
	TriggerRelease          TriggerType = "release"
	TriggerDispatch         TriggerType = "dispatch"
	TriggerCreate           TriggerType = "create"
	TriggerDelete           TriggerType = "delete"
	TriggerStatus           TriggerType = "status"
	TriggerWorkflowRun      TriggerType = "workflow_run"
	TriggerFork             TriggerType = "fork"
	TriggerStar             TriggerType = "star"
	TriggerWatch            TriggerType = "watch"
	TriggerWebhook          TriggerType = "webhook"
	TriggerKiciEvent        TriggerType = "kici_event"
	TriggerWorkflowComplete TriggerType = "workflow_complete"
	TriggerJobComplete      TriggerType = "job_complete"
	TriggerGenericWebhook   TriggerType = "generic_webhook"
	TriggerSchedule         TriggerType = "schedule"
	TriggerLifecycle        TriggerType = "lifecycle"
)

// Trigger is one reason to run a workflow. It is one flat struct rather than
// twenty-two types because readers switch on Type anyway and most fields are
// shared; which keys a type has, and in which order, is the table in
// trigger_keys.go, and fields outside the type's row are never written.
type Trigger struct {
	Type           TriggerType
	Events         []string             // pr, webhook, generic_webhook, lifecycle
	Actions        []string             // comment, review, review_comment, release, workflow_run, star, watch, webhook
	TargetBranches []Pattern            // pr
	SourceBranches []Pattern            // pr
	Branches       []Pattern            // push
	Patterns       []Pattern            // tag, create, delete
	Paths          []Pattern            // pr, push
	RefTypes       []string             // create, delete
	Types          []string             // dispatch
	States         []string             // review, status
	StatusContexts []string             // status; key "contexts"
	Workflows      []string             // workflow_run
	Conclusions    []string             // workflow_run
	BodyMatch      *Pattern             // comment
	EventName      string               // kici_event
	Source         string               // comment ("issue" or "pr"), generic_webhook, kici_event, *_complete
	Sources        []string             // lifecycle
	Name           string               // workflow_complete
	Workflow       string               // job_complete
	Job            string               // job_complete
	Status         []string             // *_complete
	Match          Map[json.RawMessage] // kici_event, generic_webhook: JSONPath to expected value
	Not            Map[json.RawMessage] // kici_event, generic_webhook
	Auth           *WebhookAuth         // generic_webhook
	Path           string               // generic_webhook
	CronExpression string               // schedule
	Timezone       string               // schedule
	Description    string               // schedule, lifecycle
	Repos          []Pattern            // every git trigger; absent when empty
}

// Kinds of Pattern.
const (
	PatternGlob  = "glob"
	PatternRegex = "regex"
)

// Pattern is a glob, or a JavaScript regular expression with its flags. A
// leading "!" stays in the text; what it means differs by field.
type Pattern struct {
	Type    string `json:"type"`
	Pattern string `json:"pattern"`
	Flags   string `json:"flags,omitzero"`
}

// Glob makes a glob pattern.
func Glob(pattern string) Pattern { return Pattern{Type: PatternGlob, Pattern: pattern} }

// Regex makes a regular-expression pattern.
func Regex(source, flags string) Pattern {
	return Pattern{Type: PatternRegex, Pattern: source, Flags: flags}
}

// String shows a glob as itself and a regular expression between slashes.
func (p Pattern) String() string {
	if p.Type == PatternRegex {
		return "/" + p.Pattern + "/" + p.Flags
	}
	return p.Pattern
}

// WebhookAuth is how deliveries to a generic webhook are verified.
type WebhookAuth struct {
	Method          string `json:"method"`
	Secret          string `json:"secret"`
	SignatureHeader string `json:"signatureHeader,omitzero"` // hmac only
	Header          string `json:"header,omitzero"`          // api-key only
}

func (p *Pattern) readLock(d *decoder, n *node) {
	if n.kind == kindString { // schemas before patterns became objects
		*p = Glob(n.text)
		return
	}
	type plain Pattern
	var raw plain
	d.record(&raw, n)
	*p = Pattern(raw)
	if t := n.get("type"); t != nil && p.Type != PatternGlob && p.Type != PatternRegex {
		d.failAt(t, "unknown pattern type %q (want \"glob\" or \"regex\")", p.Type)
	}
}
