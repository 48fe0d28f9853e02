package event

import "github.com/kici-dev/kici-go/lockfile"

// ForTrigger is the argument that simulates an event for a trigger, as the
// picker of a local run needs it: its first event, action or type. False for a
// webhook trigger of an event that cannot be simulated.
func ForTrigger(t *lockfile.Trigger) (Arg, bool) {
	text := string(t.Type)
	after := func(list []string) {
		if len(list) > 0 {
			text += ":" + list[0]
		}
	}
	switch t.Type {
	case lockfile.TriggerPR:
		if text = "pr:opened"; len(t.Events) > 0 {
			text = "pr:" + t.Events[0]
		}
	case lockfile.TriggerDispatch:
		after(t.Types)
	case lockfile.TriggerCreate, lockfile.TriggerDelete:
		after(t.RefTypes)
	case lockfile.TriggerWorkflowComplete, lockfile.TriggerJobComplete:
		after(t.Status)
	case lockfile.TriggerLifecycle:
		after(t.Events)
	case lockfile.TriggerKiciEvent:
		text += ":" + t.EventName
	case lockfile.TriggerGenericWebhook:
		text += ":" + t.Source
	case lockfile.TriggerSchedule:
		text += ":" + t.CronExpression
	case lockfile.TriggerWebhook:
		if len(t.Events) == 0 {
			return Arg{}, false
		}
		text = t.Events[0]
		if text == PullRequest {
			text = "pr:opened"
		}
	default:
		after(t.Actions)
	}
	arg, err := ParseArg(text)
	if err != nil && t.Type == lockfile.TriggerPR { // an action nobody can type, such as labeled
		return Arg{Name: "pr", Type: PullRequest, Action: t.Events[0]}, true
	}
	return arg, err == nil
}
