package event

import (
	"encoding/json"
	"strings"
)

// Types of normalised events.
const (
	PullRequest      = "pull_request"
	Push             = "push"
	Tag              = "tag"
	Comment          = "comment"
	Review           = "review"
	ReviewComment    = "review_comment"
	Release          = "release"
	Dispatch         = "dispatch"
	Create           = "create"
	Delete           = "delete"
	Status           = "status"
	WorkflowRun      = "workflow_run"
	Fork             = "fork"
	Star             = "star"
	Watch            = "watch"
	KiciEvent        = "kici_event"
	WorkflowComplete = "workflow_complete"
	JobComplete      = "job_complete"
	GenericWebhook   = "generic_webhook"
	Schedule         = "schedule"
	Lifecycle        = "lifecycle"
)

// Lifecycle events, the values of payload.lifecycleEvent.
const (
	LifecycleWorkflowComplete    = "workflow_complete"
	LifecycleJobComplete         = "job_complete"
	LifecycleJobFailed           = "job_failed"
	LifecycleRegistrationUpdated = "registration_updated"
)

// InternalBranch is the target branch of events that come from no branch;
// GenericBranch that of generic webhooks.
const (
	InternalBranch = "main"
	GenericBranch  = "__generic__"
)

// AnyCron as payload.cronExpression of a schedule fires every schedule. Only
// simulations use it; it is no cron expression, so no real event can hold it.
const AnyCron = "*"

// Event is the envelope. Payload is the raw body, byte for byte as far as the
// provider sent JSON.
type Event struct {
	Type           string          `json:"type"`
	Action         string          `json:"action,omitempty"`
	Payload        json.RawMessage `json:"payload"`
	TargetBranch   string          `json:"targetBranch"` // the tag name of tag events
	SourceBranch   string          `json:"sourceBranch,omitempty"`
	ChangedFiles   []string        `json:"changedFiles,omitempty"`
	Provider       string          `json:"provider,omitempty"`
	IsForkPR       bool            `json:"isForkPR,omitempty"`
	BaseBranch     string          `json:"baseBranch,omitempty"`
	SenderUsername string          `json:"senderUsername,omitempty"`
	SenderUserID   string          `json:"senderUserId,omitempty"`
	SourceRepo     string          `json:"sourceRepo,omitempty"`
	// WebhookSource is the name of the generic source a delivery came in by. It
	// is kept out of the payload, whose own "source" field belongs to the sender.
	WebhookSource string `json:"webhookSource,omitempty"`
	// RawName is the provider's own event name where the normalised one differs;
	// webhook() triggers of other sources are compared with it.
	RawName string `json:"rawName,omitempty"`
}

// Body decodes the payload; an absent or broken one is an empty object.
func (e *Event) Body() any {
	var v any
	if json.Unmarshal(e.Payload, &v) != nil || v == nil {
		return map[string]any{}
	}
	return v
}

// Field walks a decoded payload along names and returns what is there, nil if
// nothing is.
func Field(body any, path ...string) any {
	for _, name := range path {
		m, ok := body.(map[string]any)
		if !ok {
			return nil
		}
		body = m[name]
	}
	return body
}

// Text is Field for strings; everything else is "".
func Text(body any, path ...string) string {
	s, _ := Field(body, path...).(string)
	return s
}

// Has tells whether the key exists, whatever its value.
func Has(body any, path ...string) bool {
	if len(path) == 0 {
		return true
	}
	m, ok := Field(body, path[:len(path)-1]...).(map[string]any)
	if !ok {
		return false
	}
	_, ok = m[path[len(path)-1]]
	return ok
}

// BranchOf turns a git ref into a branch name; other refs stay as they are.
func BranchOf(ref string) string { return strings.TrimPrefix(ref, "refs/heads/") }

// TagOf returns the tag name of a tag ref.
func TagOf(ref string) (string, bool) { return strings.CutPrefix(ref, "refs/tags/") }

// LifecycleOf derives the lifecycle events that a system event stands for: a
// completed workflow or job, a failed job, an updated registration. They carry
// the system event's payload and are matched by lifecycle() triggers.
func LifecycleOf(e *Event) []Event {
	var names []string
	body, _ := e.Body().(map[string]any)
	switch e.Type {
	case WorkflowComplete:
		names = []string{LifecycleWorkflowComplete}
	case JobComplete:
		names = []string{LifecycleJobComplete}
		if status := Text(body, "status"); status == "failed" || status == "timed_out_stale" {
			names = append(names, LifecycleJobFailed)
		}
	case KiciEvent:
		if name := Text(body, "eventName"); name == "registration.updated" || name == LifecycleRegistrationUpdated {
			names = []string{LifecycleRegistrationUpdated}
		}
	}
	var out []Event
	for _, name := range names {
		payload := map[string]any{}
		for k, v := range body {
			payload[k] = v
		}
		payload["lifecycleEvent"] = name
		derived := *e
		derived.Type, derived.Action = Lifecycle, ""
		derived.Payload = encode(payload)
		out = append(out, derived)
	}
	return out
}

// encode marshals maps made here, which cannot fail.
func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("{}")
	}
	return b
}
