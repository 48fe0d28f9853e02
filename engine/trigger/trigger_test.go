package trigger

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/pattern"
)

func globs(texts ...string) []lockfile.Pattern { return pattern.Globs(texts) }

func conditions(pairs ...string) lockfile.Map[json.RawMessage] {
	var m lockfile.Map[json.RawMessage]
	for i := 0; i < len(pairs); i += 2 {
		m.Set(pairs[i], json.RawMessage(pairs[i+1]))
	}
	return m
}

func file(triggers ...lockfile.Trigger) *lockfile.File {
	return &lockfile.File{Workflows: []lockfile.Workflow{{Name: "w", Triggers: triggers}}}
}

func ev(typ, action, target, payload string) event.Event {
	return event.Event{Type: typ, Action: action, TargetBranch: target, Payload: json.RawMessage(payload)}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	type T = lockfile.Trigger
	pr := ev(event.PullRequest, "opened", "main", `{}`)
	pr.SourceBranch, pr.ChangedFiles = "topic", []string{"src/a.ts", "docs/x.md"}
	fromRepo := pr
	fromRepo.SourceRepo = "acme/app"
	push := ev(event.Push, "", "main", `{}`)
	push.ChangedFiles = []string{"docs/x.md"}
	hook := ev(event.GenericWebhook, "paid", event.GenericBranch, `{"amount":5,"source":"theirs"}`)
	hook.WebhookSource = "stripe"
	raw := ev(event.GenericWebhook, "", "", `{}`)
	raw.RawName = "deployment"
	done := ev(event.JobComplete, "", "main", `{"workflowName":"CI","jobName":"b","status":"failed","sourceRepo":"a/b"}`)
	custom := ev(event.KiciEvent, "", "main", `{"eventName":"deploy","payload":{"env":"prod"},"sourceRepo":"a/b"}`)
	prComment := ev(event.Comment, "created", "main", `{"issue":{"pull_request":null},"comment":{"body":"/deploy now"}}`)
	issueComment := ev(event.Comment, "created", "main", `{"issue":{}}`)
	status := ev(event.Status, "", "main", `{"context":"ci/test","state":"success"}`)
	created := ev(event.Create, "", "other", `{"ref":"v1","ref_type":"tag"}`)
	run := ev(event.WorkflowRun, "completed", "main", `{"workflow_run":{"name":"CI","conclusion":"success"}}`)
	deploy := lockfile.Regex("^/deploy", "")

	cases := map[string]struct {
		t      T
		e      event.Event
		failed string // the check that fails; empty for a match
	}{
		"pr":                      {T{Type: "pr", Events: []string{"opened"}, TargetBranches: globs("main"), SourceBranches: globs("top*"), Paths: globs("src/**")}, pr, ""},
		"pr any action":           {T{Type: "pr"}, pr, ""},
		"pr other action":         {T{Type: "pr", Events: []string{"closed"}}, pr, "events"},
		"pr other target":         {T{Type: "pr", TargetBranches: globs("dev")}, pr, "targetBranches"},
		"pr other source":         {T{Type: "pr", SourceBranches: globs("dev")}, pr, "sourceBranches"},
		"pr no source":            {T{Type: "pr", SourceBranches: globs("*")}, ev(event.PullRequest, "opened", "main", `{}`), "sourceBranches"},
		"pr on push":              {T{Type: "pr"}, push, checkType},
		"pr repos":                {T{Type: "pr", Repos: globs("acme/*")}, fromRepo, ""},
		"pr repos excluded":       {T{Type: "pr", Repos: globs("acme/*", "!acme/app")}, fromRepo, "repos"},
		"pr repos unknown":        {T{Type: "pr", Repos: globs("acme/*")}, pr, "repos"},
		"push":                    {T{Type: "push"}, push, ""},
		"push branch negation":    {T{Type: "push", Branches: globs("*", "!main")}, push, ""},
		"push only negated":       {T{Type: "push", Branches: globs("!main")}, push, "branches"},
		"push paths excluded":     {T{Type: "push", Paths: globs("**", "!**/*.md")}, push, "paths"},
		"push paths unknown":      {T{Type: "push", Paths: globs("**")}, ev(event.Push, "", "main", `{}`), "paths"},
		"push sees no tags":       {T{Type: "push"}, ev(event.Tag, "", "v1", `{}`), checkType},
		"tag":                     {T{Type: "tag", Patterns: globs("v*")}, ev(event.Tag, "", "v1", `{}`), ""},
		"tag other":               {T{Type: "tag", Patterns: globs("v*")}, ev(event.Tag, "", "x1", `{}`), "patterns"},
		"comment on pr":           {T{Type: "comment", Source: "pr", BodyMatch: &deploy}, prComment, ""},
		"comment on issue":        {T{Type: "comment", Source: "pr"}, issueComment, "source"},
		"comment no body":         {T{Type: "comment", BodyMatch: &deploy}, issueComment, "bodyMatch"},
		"review":                  {T{Type: "review", States: []string{"approved"}}, ev(event.Review, "submitted", "main", `{"review":{"state":"approved"}}`), ""},
		"review state case":       {T{Type: "review", States: []string{"APPROVED"}}, ev(event.Review, "submitted", "main", `{"review":{"state":"approved"}}`), "states"},
		"release":                 {T{Type: "release", Actions: []string{"published"}}, ev(event.Release, "created", "main", `{}`), "actions"},
		"dispatch any":            {T{Type: "dispatch"}, ev(event.Dispatch, "", "main", `{}`), ""},
		"dispatch typed":          {T{Type: "dispatch", Types: []string{"go"}}, ev(event.Dispatch, "go", "main", `{}`), ""},
		"dispatch bare":           {T{Type: "dispatch", Types: []string{"go"}}, ev(event.Dispatch, "", "main", `{}`), "types"},
		"create by ref":           {T{Type: "create", RefTypes: []string{"tag"}, Patterns: globs("v*")}, created, ""},
		"create ref type":         {T{Type: "create", RefTypes: []string{"branch"}}, created, "refTypes"},
		"delete":                  {T{Type: "delete"}, created, checkType},
		"status":                  {T{Type: "status", StatusContexts: []string{"ci/*"}, States: []string{"success"}}, status, ""},
		"status state":            {T{Type: "status", States: []string{"failure"}}, status, "states"},
		"workflow_run":            {T{Type: "workflow_run", Workflows: []string{"CI"}, Conclusions: []string{"success"}}, run, ""},
		"workflow_run exact":      {T{Type: "workflow_run", Workflows: []string{"C*"}}, run, "workflows"},
		"fork":                    {T{Type: "fork"}, ev(event.Fork, "", "main", `{}`), ""},
		"star":                    {T{Type: "star", Actions: []string{"created"}}, ev(event.Star, "deleted", "main", `{}`), "actions"},
		"webhook normalised":      {T{Type: "webhook", Events: []string{"push"}}, push, ""},
		"webhook raw":             {T{Type: "webhook", Events: []string{"deployment"}}, raw, ""},
		"webhook without events":  {T{Type: "webhook"}, push, "events"},
		"webhook action":          {T{Type: "webhook", Events: []string{"deployment"}, Actions: []string{"x"}}, raw, "actions"},
		"kici_event":              {T{Type: "kici_event", EventName: "deploy", Match: conditions("$.env", `"prod"`), Source: "a/b"}, custom, ""},
		"kici_event name exact":   {T{Type: "kici_event", EventName: "dep*"}, custom, "eventName"},
		"kici_event match":        {T{Type: "kici_event", EventName: "deploy", Match: conditions("$.env", `"dev"`)}, custom, "match"},
		"kici_event not":          {T{Type: "kici_event", EventName: "deploy", Not: conditions("$.env", `"prod"`)}, custom, "not"},
		"kici_event source":       {T{Type: "kici_event", EventName: "deploy", Source: "x/y"}, custom, "source"},
		"job_complete":            {T{Type: "job_complete", Workflow: "CI", Job: "b", Status: []string{"failed"}, Source: "a/b"}, done, ""},
		"job_complete status":     {T{Type: "job_complete", Status: []string{"success"}}, done, "status"},
		"workflow_complete":       {T{Type: "workflow_complete", Name: "X"}, ev(event.WorkflowComplete, "", "main", `{"workflowName":"CI"}`), "name"},
		"generic_webhook":         {T{Type: "generic_webhook", Source: "stripe", Events: []string{"paid"}, Match: conditions("$.amount", "5")}, hook, ""},
		"generic_webhook source":  {T{Type: "generic_webhook", Source: "theirs"}, hook, "source"},
		"generic_webhook event":   {T{Type: "generic_webhook", Source: "stripe", Events: []string{"x"}}, hook, "events"},
		"schedule":                {T{Type: "schedule", CronExpression: "0 2 * * *"}, ev(event.Schedule, "", "main", `{"cronExpression":"0 2 * * *"}`), ""},
		"schedule byte for byte":  {T{Type: "schedule", CronExpression: "0 2 * * *"}, ev(event.Schedule, "", "main", `{"cronExpression":"0 02 * * *"}`), "cronExpression"},
		"schedule any":            {T{Type: "schedule", CronExpression: "0 2 * * *"}, ev(event.Schedule, "", "main", `{"cronExpression":"*"}`), ""},
		"lifecycle":               {T{Type: "lifecycle", Events: []string{"job_failed"}}, ev(event.Lifecycle, "", "main", `{"lifecycleEvent":"job_failed"}`), ""},
		"lifecycle of completion": {T{Type: "lifecycle", Events: []string{"job_failed"}, Sources: []string{"a/b"}}, done, ""},
		"lifecycle other source":  {T{Type: "lifecycle", Events: []string{"job_failed"}, Sources: []string{"x/y"}}, done, "events"},
		"lifecycle other event":   {T{Type: "lifecycle", Events: []string{"workflow_complete"}}, done, "events"},
		"payload is no object":    {T{Type: "status", States: []string{"success"}}, ev(event.Status, "", "main", `[1]`), "states"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := Compile(file(c.t))
			if err := m.Err(); err != nil {
				t.Fatal(err)
			}
			d := m.Match(&c.e)[0]
			if d.Summary == "" || len(d.Checks) == 0 && c.t.Type != lockfile.TriggerFork {
				t.Errorf("no trace: %+v", d)
			}
			switch f := d.FirstFailed(); {
			case c.failed == "" && (!d.Matched || *d.MatchedTrigger != 0 || f != nil):
				t.Errorf("no match: %+v", d)
			case c.failed != "" && (d.Matched || f == nil || f.Check != c.failed):
				t.Errorf("want %s to fail: %+v", c.failed, d)
			}
		})
	}
}

func TestFirstMatchWinsAndKeepsItsTrace(t *testing.T) {
	t.Parallel()
	m := Compile(file(lockfile.Trigger{Type: "tag"}, lockfile.Trigger{Type: "push", Branches: globs("main")}, lockfile.Trigger{Type: "push"}))
	e := ev(event.Push, "", "main", `{}`)
	d := m.Match(&e)[0]
	if !d.Matched || *d.MatchedTrigger != 1 || len(d.Checks) != 2 || d.Summary != "trigger 2 (push) matched" {
		t.Errorf("got %+v", d)
	}
	e.TargetBranch = "dev"
	if d = m.Match(&e)[0]; *d.MatchedTrigger != 2 {
		t.Errorf("got %+v", d)
	}
	none := Compile(file()).Match(&e)[0]
	if none.Matched || none.Summary == "" {
		t.Errorf("got %+v", none)
	}
}

func TestExplanationPrefersTheRightTrigger(t *testing.T) {
	t.Parallel()
	m := Compile(file(lockfile.Trigger{Type: "tag"}, lockfile.Trigger{Type: "push", Branches: globs("main")}))
	e := ev(event.Push, "", "dev", `{}`)
	d := m.Match(&e)[0]
	if f := d.FirstFailed(); f.Check != "branches" || !strings.Contains(d.Summary, `branches is "dev", want main`) {
		t.Errorf("got %+v", d)
	}
}

func TestBrokenTriggerNeverMatchesAndHidesNobody(t *testing.T) {
	t.Parallel()
	f := file(lockfile.Trigger{Type: "push", Branches: globs("")})
	f.Workflows = append(f.Workflows, lockfile.Workflow{Name: "fine", Triggers: []lockfile.Trigger{{Type: "push"}}})
	m := Compile(f)
	var pe *PatternError
	if !errors.As(m.Err(), &pe) || pe.Workflow != "w" || !errors.Is(m.Err(), pattern.ErrEmpty) {
		t.Errorf("got %v", m.Err())
	}
	e := ev(event.Push, "", "main", `{}`)
	ds := m.Match(&e)
	if ds[0].Matched || ds[0].Err == nil || !ds[1].Matched || len(Matched(ds)) != 1 {
		t.Errorf("got %+v", ds)
	}
}

func TestTimeoutIsVisible(t *testing.T) {
	t.Parallel()
	m := Compile(file(lockfile.Trigger{Type: "push", Branches: []lockfile.Pattern{lockfile.Regex(`^(?=a)(a+)+$`, "")}}))
	e := ev(event.Push, "", strings.Repeat("a", 40)+"!", `{}`)
	d := m.Match(&e)[0]
	if d.Matched || !errors.Is(d.Err, pattern.ErrTimeout) || !strings.Contains(d.Summary, "too long") {
		t.Errorf("got %+v", d)
	}
}

func TestNeedsChangedFiles(t *testing.T) {
	t.Parallel()
	if Compile(file(lockfile.Trigger{Type: "push"})).NeedsChangedFiles() || !Compile(file(lockfile.Trigger{Type: "pr", Paths: globs("a")})).NeedsChangedFiles() {
		t.Error("wrong")
	}
}

// Every event that can be typed starts a workflow with the plain trigger of its
// family: simulations must really match.
func TestSimulationsMatchTheirTriggers(t *testing.T) {
	t.Parallel()
	plain := map[string]lockfile.Trigger{
		"pr:open": {Type: "pr", Events: []string{"opened", "synchronize", "reopened", "closed"}, TargetBranches: globs("main")},
		"push":    {Type: "push", Branches: globs("main")}, "tag": {Type: "tag", Patterns: globs("v*")}, "comment": {Type: "comment", Actions: []string{"created"}},
		"review": {Type: "review", States: []string{"approved"}}, "review_comment": {Type: "review_comment"}, "release": {Type: "release", Actions: []string{"published"}},
		"dispatch": {Type: "dispatch"}, "dispatch:go": {Type: "dispatch", Types: []string{"go"}}, "create": {Type: "create", RefTypes: []string{"branch"}},
		"create:tag": {Type: "create", RefTypes: []string{"tag"}}, "delete": {Type: "delete"}, "status": {Type: "status", States: []string{"success"}},
		"workflow_run": {Type: "workflow_run", Conclusions: []string{"success"}}, "fork": {Type: "fork"}, "star": {Type: "star"}, "watch": {Type: "watch"},
		"kici_event:Go": {Type: "kici_event", EventName: "Go"}, "workflow_complete": {Type: "workflow_complete", Status: []string{"success"}},
		"job_complete:failed": {Type: "job_complete", Status: []string{"failed"}}, "webhook:Stripe": {Type: "generic_webhook", Source: "Stripe"},
		"schedule": {Type: "schedule", CronExpression: "0 2 * * *"}, "schedule:0 2 * * *": {Type: "schedule", CronExpression: "0 2 * * *"},
		"lifecycle:job_failed": {Type: "lifecycle", Events: []string{"job_failed"}},
	}
	for text, trig := range plain {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			arg, err := event.ParseArg(text)
			if err != nil {
				t.Fatal(err)
			}
			e, err := event.Simulate(arg, event.Simulation{})
			if err != nil {
				t.Fatal(err)
			}
			if d := Compile(file(trig)).Match(&e)[0]; !d.Matched {
				t.Errorf("%s: %+v", e.Payload, d)
			}
		})
	}
}

func BenchmarkMatchThousandWorkflows(b *testing.B) {
	f := &lockfile.File{}
	for i := range 1000 {
		f.Workflows = append(f.Workflows, lockfile.Workflow{Name: fmt.Sprint(i), Triggers: []lockfile.Trigger{
			{Type: "pr", TargetBranches: globs("main")},
			{Type: "push", Branches: globs("main", "release/**"), Paths: globs(fmt.Sprintf("packages/p%d/**", i), "!**/*.md")},
		}})
	}
	m := Compile(f)
	e := ev(event.Push, "", "main", `{"ref":"refs/heads/main"}`)
	for i := range 20 {
		e.ChangedFiles = append(e.ChangedFiles, fmt.Sprintf("packages/p%d/src/x.ts", i))
	}
	for b.Loop() {
		if got := len(Matched(m.Match(&e))); got != 20 {
			b.Fatal(got)
		}
	}
}

// A veto is heard only about triggers that would match, and the next one is tried.
func TestVeto(t *testing.T) {
	t.Parallel()
	m := Compile(file(lockfile.Trigger{Type: "kici_event", EventName: "a", Match: nil, Source: "x/y"}, lockfile.Trigger{Type: "kici_event", EventName: "b"}, lockfile.Trigger{Type: "kici_event", EventName: "b"}))
	e := ev(event.KiciEvent, "", "main", `{"eventName":"b"}`)
	asked := 0
	first := func(*lockfile.Workflow, *lockfile.Trigger) *Check {
		if asked++; asked == 1 {
			return &Check{Check: "auth", Reason: "who are you"}
		}
		return nil
	}
	if d := m.Weigh(&e, first)[0]; !d.Matched || *d.MatchedTrigger != 2 || asked != 2 {
		t.Errorf("asked %d times: %+v", asked, d)
	}
	never := func(*lockfile.Workflow, *lockfile.Trigger) *Check { return &Check{Check: "auth", Reason: "no"} }
	if d := m.Weigh(&e, never)[0]; d.Matched || d.Event != nil || !slices.ContainsFunc(d.Checks, func(c Check) bool { return c.Check == "auth" && !c.Passed }) {
		t.Errorf("%+v", d)
	}
}

// A lifecycle trigger's run sees a lifecycle event, whatever it was derived from.
func TestSeenEvent(t *testing.T) {
	t.Parallel()
	e := ev(event.JobComplete, "", "main", `{"jobName":"j","status":"failed"}`)
	ds := Compile(&lockfile.File{Workflows: []lockfile.Workflow{
		{Name: "l", Triggers: []lockfile.Trigger{{Type: "lifecycle", Events: []string{"job_failed"}}}},
		{Name: "j", Triggers: []lockfile.Trigger{{Type: "job_complete"}}},
	}}).Match(&e)
	if l := ds[0].Event; l == nil || l.Type != event.Lifecycle || event.Text(l.Body(), "lifecycleEvent") != "job_failed" || event.Text(l.Body(), "jobName") != "j" {
		t.Errorf("%+v", ds[0])
	}
	if ds[1].Event == nil || ds[1].Event.Type != event.JobComplete {
		t.Errorf("%+v", ds[1])
	}
}

func TestConcerns(t *testing.T) {
	t.Parallel()
	failed, done := ev(event.JobComplete, "", "", `{"status":"failed"}`), ev(event.JobComplete, "", "", `{"status":"success"}`)
	hook := ev(event.GenericWebhook, "x", "", `{}`)
	hook.RawName = "x"
	for _, c := range []struct {
		trigger lockfile.Trigger
		event   event.Event
		want    bool
	}{
		{lockfile.Trigger{Type: "job_complete", Job: "other"}, failed, true},
		{lockfile.Trigger{Type: "workflow_complete"}, failed, false},
		{lockfile.Trigger{Type: "lifecycle", Events: []string{"job_failed"}}, failed, true},
		{lockfile.Trigger{Type: "lifecycle", Events: []string{"job_failed"}}, done, false},
		{lockfile.Trigger{Type: "webhook", Events: []string{"x"}}, hook, true},
		{lockfile.Trigger{Type: "webhook", Events: []string{"y"}}, hook, false},
		{lockfile.Trigger{Type: "generic_webhook", Source: "s"}, hook, true},
		{lockfile.Trigger{Type: "nonsense"}, ev("", "", "", "{}"), false},
	} {
		if got := Concerns(&c.trigger, &c.event); got != c.want {
			t.Errorf("%+v, %s: %v", c.trigger, c.event.Type, got)
		}
	}
}
