package event

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestParseArg(t *testing.T) {
	t.Parallel()
	cases := map[string]Arg{
		"pr:open":               {"pr", PullRequest, "opened", ""},
		" PR:Sync ":             {"pr", PullRequest, "synchronize", ""},
		"pr:closed":             {"pr", PullRequest, "closed", ""},
		"push":                  {"push", Push, "", ""},
		"comment":               {"comment", Comment, "created", ""},
		"release:released":      {"release", Release, "released", ""},
		"dispatch":              {"dispatch", Dispatch, "", ""},
		"dispatch:Deploy":       {"dispatch", Dispatch, "Deploy", ""},
		"create:tag":            {"create", Create, "", "tag"},
		"delete":                {"delete", Delete, "", "branch"},
		"kici_event":            {"kici_event", KiciEvent, "", "test-event"},
		"kici_event:a:b":        {"kici_event", KiciEvent, "", "a:b"},
		"webhook:MySource":      {"generic_webhook", GenericWebhook, "", "MySource"},
		"generic_webhook":       {"generic_webhook", GenericWebhook, "", "external-service"},
		"schedule":              {"schedule", Schedule, "", AnyCron},
		"schedule:0 2 * * *":    {"schedule", Schedule, "", "0 2 * * *"},
		"lifecycle":             {"lifecycle", Lifecycle, "", LifecycleWorkflowComplete},
		"lifecycle:job_failed":  {"lifecycle", Lifecycle, "", LifecycleJobFailed},
		"job_complete:failed":   {"job_complete", JobComplete, "", "failed"},
		"workflow_run":          {"workflow_run", WorkflowRun, "completed", ""},
		"review_comment:edited": {"review_comment", ReviewComment, "edited", ""},
	}
	for in, want := range cases {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			if got, err := ParseArg(in); got != want || err != nil {
				t.Errorf("got %+v %v, want %+v", got, err, want)
			}
		})
	}
}

func TestParseArgRefuses(t *testing.T) {
	t.Parallel()
	for in, suggestion := range map[string]string{
		"": "", "pr": "pr:opened", "pr:labeled": "", "pusj": "push", "pr:opne": "pr:opened", "schedul": "schedule", "push:main": "",
		"webhook": "webhook:<source>", "push:": "push", "lifecycle:x": "", "create:commit": "", "completelydifferent": "",
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			_, err := ParseArg(in)
			var u *UnknownError
			if !errors.As(err, &u) {
				t.Fatalf("got %v, want *UnknownError", err)
			}
			if suggestion != "" && u.Suggestion != suggestion {
				t.Errorf("suggests %q, want %q", u.Suggestion, suggestion)
			}
			if !strings.Contains(err.Error(), "schedule:<cron>") {
				t.Errorf("the message does not list the events: %v", err)
			}
		})
	}
}

func TestEveryNamedArgSimulates(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arg, err := ParseArg(strings.NewReplacer("<", "", ">", "").Replace(name))
			if err != nil {
				t.Fatal(err)
			}
			for _, make := range []func() (Event, error){
				func() (Event, error) { return Simulate(arg, Simulation{}) },
				func() (Event, error) { return Local(arg, Git{}, Simulation{}) },
			} {
				e, err := make()
				if err != nil || e.TargetBranch == "" || !json.Valid(e.Payload) {
					t.Errorf("got %+v %v", e, err)
				}
			}
		})
	}
}

func simulate(t *testing.T, text string, s Simulation) Event {
	t.Helper()
	arg, err := ParseArg(text)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Simulate(arg, s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSimulateOverrides(t *testing.T) {
	t.Parallel()
	s := Simulation{Branch: "dev", SHA: "abc", Files: []string{"a"}, Repo: Repo{"acme", "app"}}
	cases := map[string]struct {
		target string
		path   []string
	}{
		"push": {"dev", []string{"after"}}, "tag": {"dev", []string{"after"}}, "status": {"main", []string{"sha"}},
		"pr:open": {"dev", []string{"pull_request", "head", "sha"}}, "workflow_run": {"dev", []string{"workflow_run", "head_sha"}},
		"release": {"dev", nil}, "create:tag": {"dev", nil}, "comment": {"main", nil}, "schedule": {"main", nil},
	}
	for arg, want := range cases {
		t.Run(arg, func(t *testing.T) {
			t.Parallel()
			e := simulate(t, arg, s)
			if e.TargetBranch != want.target {
				t.Errorf("target %q, want %q", e.TargetBranch, want.target)
			}
			if got := Text(e.Body(), want.path...); want.path != nil && got != "abc" {
				t.Errorf("sha %q", got)
			}
		})
	}
	if e := simulate(t, "push", s); Text(e.Body(), "repository", "full_name") != "acme/app" || e.ChangedFiles[0] != "a" {
		t.Errorf("got %+v", e)
	}
}

func TestSimulatePayload(t *testing.T) {
	t.Parallel()
	e := simulate(t, "pr:open", Simulation{Payload: json.RawMessage(`{"action":"closed","pull_request":{"base":{"ref":"x"},"head":{"ref":"y"}}}`)})
	if e.Action != "opened" || e.TargetBranch != "x" || e.SourceBranch != "y" {
		t.Errorf("got %+v", e)
	}
	for _, bad := range []string{`[]`, `null`, `{`, `"x"`} {
		if _, err := Simulate(Arg{Type: Push}, Simulation{Payload: json.RawMessage(bad)}); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
	// A payload of odd shape must not break the overrides.
	simulate(t, "pr:open", Simulation{Branch: "b", Repo: Repo{"a", "b"}, Payload: json.RawMessage(`{"pull_request":7,"repository":null}`)})
}

func TestLocal(t *testing.T) {
	t.Parallel()
	git := Git{Branch: "topic", SHA: "abc", Files: []string{"x"}}
	local := func(text string, s Simulation) Event {
		arg, err := ParseArg(text)
		if err != nil {
			t.Fatal(err)
		}
		e, err := Local(arg, git, s)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := local("push", Simulation{}); e.TargetBranch != "topic" || Text(e.Body(), "after") != "abc" || len(e.ChangedFiles) != 1 || Text(e.Body(), "head_commit", "message") != "local execution" {
		t.Errorf("push: %+v %s", e, e.Payload)
	}
	if e := local("pr:open", Simulation{}); e.TargetBranch != "main" || e.SourceBranch != "topic" || Text(e.Body(), "pull_request", "head", "sha") != "abc" {
		t.Errorf("pr: %+v %s", e, e.Payload)
	}
	if e := local("pr:open", Simulation{Branch: "dev", Files: []string{}}); e.TargetBranch != "dev" || len(e.ChangedFiles) != 0 {
		t.Errorf("pr on dev: %+v", e)
	}
	if e := local("tag", Simulation{}); e.TargetBranch != "topic" {
		t.Errorf("tag: %+v", e)
	}
	if e := local("schedule", Simulation{}); Text(e.Body(), "cronExpression") != AnyCron {
		t.Errorf("schedule: %s", e.Payload)
	}
}

func TestLifecycleOf(t *testing.T) {
	t.Parallel()
	cases := []struct {
		typ, payload string
		want         []string
	}{
		{WorkflowComplete, `{"status":"success"}`, []string{LifecycleWorkflowComplete}},
		{JobComplete, `{"status":"failed","sourceRepo":"a/b"}`, []string{LifecycleJobComplete, LifecycleJobFailed}},
		{JobComplete, `{"status":"success"}`, []string{LifecycleJobComplete}},
		{KiciEvent, `{"eventName":"registration.updated"}`, []string{LifecycleRegistrationUpdated}},
		{KiciEvent, `{"eventName":"x"}`, nil},
		{Push, `7`, nil},
		{WorkflowComplete, `garbage`, []string{LifecycleWorkflowComplete}},
	}
	for _, c := range cases {
		derived := LifecycleOf(&Event{Type: c.typ, Payload: json.RawMessage(c.payload)})
		var got []string
		for _, e := range derived {
			got = append(got, Text(e.Body(), "lifecycleEvent"))
		}
		if strings.Join(got, ",") != strings.Join(c.want, ",") {
			t.Errorf("%s %s: got %v, want %v", c.typ, c.payload, got, c.want)
		}
	}
}
