package lockfile

import "slices"

// presence says when a trigger key is written.
type presence int

const (
	always   presence = iota // also when empty
	nonEmpty                 // only when it holds something
	given                    // when set at all: an empty list counts, an empty string does not
)

type triggerKey struct {
	name     string
	presence presence
	field    func(*Trigger) any // pointer to the field
}

// Rows that several types share.
var (
	keyEvents      = triggerKey{"events", always, func(t *Trigger) any { return &t.Events }}
	keyActions     = triggerKey{"actions", always, func(t *Trigger) any { return &t.Actions }}
	keyStates      = triggerKey{"states", always, func(t *Trigger) any { return &t.States }}
	keyPatterns    = triggerKey{"patterns", always, func(t *Trigger) any { return &t.Patterns }}
	keyPaths       = triggerKey{"paths", always, func(t *Trigger) any { return &t.Paths }}
	keyRefTypes    = triggerKey{"refTypes", always, func(t *Trigger) any { return &t.RefTypes }}
	keyRepos       = triggerKey{"repos", nonEmpty, func(t *Trigger) any { return &t.Repos }}
	keySource      = triggerKey{"source", given, func(t *Trigger) any { return &t.Source }}
	keyStatus      = triggerKey{"status", given, func(t *Trigger) any { return &t.Status }}
	keyMatch       = triggerKey{"match", given, func(t *Trigger) any { return &t.Match }}
	keyNot         = triggerKey{"not", given, func(t *Trigger) any { return &t.Not }}
	keyDescription = triggerKey{"description", given, func(t *Trigger) any { return &t.Description }}
)

// triggerKeys lists, for every type, its keys in the order of the file.
var triggerKeys = map[TriggerType][]triggerKey{
	TriggerPR: {keyEvents,
		{"targetBranches", always, func(t *Trigger) any { return &t.TargetBranches }},
		{"sourceBranches", always, func(t *Trigger) any { return &t.SourceBranches }},
		keyPaths, keyRepos},
	TriggerPush: {
		{"branches", always, func(t *Trigger) any { return &t.Branches }},
		keyPaths, keyRepos},
	TriggerTag: {keyPatterns, keyRepos},
	TriggerComment: {keyActions, keySource,
		{"bodyMatch", given, func(t *Trigger) any { return &t.BodyMatch }},
		keyRepos},
	TriggerReview:        {keyActions, keyStates, keyRepos},
	TriggerReviewComment: {keyActions, keyRepos},
	TriggerRelease:       {keyActions, keyRepos},
	TriggerDispatch: {
		{"types", always, func(t *Trigger) any { return &t.Types }},
		keyRepos},
	TriggerCreate: {keyRefTypes, keyPatterns, keyRepos},
	TriggerDelete: {keyRefTypes, keyPatterns, keyRepos},
	TriggerStatus: {
		{"contexts", always, func(t *Trigger) any { return &t.StatusContexts }},
		keyStates, keyRepos},
	TriggerWorkflowRun: {keyActions,
		{"workflows", always, func(t *Trigger) any { return &t.Workflows }},
		{"conclusions", always, func(t *Trigger) any { return &t.Conclusions }},
		keyRepos},
	TriggerFork:    {keyRepos},
	TriggerStar:    {keyActions, keyRepos},
	TriggerWatch:   {keyActions, keyRepos},
	TriggerWebhook: {keyEvents, keyActions, keyRepos},
	TriggerKiciEvent: {
		{"eventName", always, func(t *Trigger) any { return &t.EventName }},
		keyMatch, keyNot, keySource},
	TriggerWorkflowComplete: {
		{"name", given, func(t *Trigger) any { return &t.Name }},
		keyStatus, keySource},
	TriggerJobComplete: {
		{"workflow", given, func(t *Trigger) any { return &t.Workflow }},
		{"job", given, func(t *Trigger) any { return &t.Job }},
		keyStatus, keySource},
	TriggerGenericWebhook: {
		{"source", always, func(t *Trigger) any { return &t.Source }},
		{"events", given, func(t *Trigger) any { return &t.Events }},
		keyMatch, keyNot,
		{"auth", given, func(t *Trigger) any { return &t.Auth }},
		{"path", given, func(t *Trigger) any { return &t.Path }}},
	TriggerSchedule: {
		{"cronExpression", always, func(t *Trigger) any { return &t.CronExpression }},
		{"timezone", always, func(t *Trigger) any { return &t.Timezone }},
		keyDescription},
	TriggerLifecycle: {keyEvents,
		{"sources", given, func(t *Trigger) any { return &t.Sources }},
		keyDescription},
}

// TriggerTypes lists every type, sorted.
func TriggerTypes() []TriggerType {
	types := make([]TriggerType, 0, len(triggerKeys))
	for t := range triggerKeys {
		types = append(types, t)
	}
	slices.Sort(types)
	return types
}

func (t *Trigger) readLock(d *decoder, n *node) {
	if !d.want(n, kindObject, "an object") {
		return
	}
	t.Type = TriggerType(d.tag(n, ""))
	keys, known := triggerKeys[t.Type]
	if !known {
		d.failAt(n.get("_type"), "unknown trigger type %q", string(t.Type))
		return
	}
	for _, k := range keys {
		v := n.get(k.name)
		if v == nil {
			if k.presence == always && d.strict {
				d.failAt(n, "missing key %q", k.name)
			}
			continue
		}
		d.enter(k.name, -1)
		d.value(k.field(t), v)
		d.leave()
	}
	d.legacyExcludes(t, n)
	if t.Type == TriggerSchedule && t.Timezone == "" {
		t.Timezone = "UTC"
	}
}

func (t Trigger) writeLock(e *encoder) {
	keys, known := triggerKeys[t.Type]
	if !known {
		e.fail("unknown trigger type %q", string(t.Type))
		return
	}
	e.open('{')
	e.key("_type")
	e.value(string(t.Type))
	for _, k := range keys {
		e.field(k.name, k.field(&t), k.presence)
	}
	e.close('}')
}
