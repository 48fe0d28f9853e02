package kicitest_test

import (
	"encoding/json"
	"testing"

	"github.com/kici-dev/kici-go/kici/kicitest"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// Each method sends the event that a trigger of its name listens to, and the
// workflow sees what was said about it.
func TestEvents(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, on, shows string
		fire            func(*kicitest.Project) *kicitest.Run
		log             string
	}{
		{"push", "push({ branches: 'dev' })", "rawPayload.ref + ' ' + rawPayload.after", func(p *kicitest.Project) *kicitest.Run { return p.Push("dev", kicitest.SHA("abc")) }, "refs/heads/dev abc"},
		{"tag", "tag({ patterns: 'v*' })", "rawPayload.ref", func(p *kicitest.Project) *kicitest.Run { return p.Tag("v2") }, "refs/tags/v2"},
		{"pull request", "pr({ target: 'main', source: 'feat/*' })", "rawPayload.pull_request.head.ref", func(p *kicitest.Project) *kicitest.Run { return p.PullRequest("main", kicitest.From("feat/x")) }, "feat/x"},
		{"closed pull request", "pr({ events: ['closed'] })", "rawPayload.action", func(p *kicitest.Project) *kicitest.Run { return p.Event("pr:closed") }, "closed"},
		{"field", "pr()", "rawPayload.pull_request.draft + ' ' + rawPayload.a.b", func(p *kicitest.Project) *kicitest.Run {
			return p.PullRequest("main", kicitest.Field("pull_request.draft", true), kicitest.Field("a.b", 1))
		}, "true 1"},
		{"dispatch", "dispatch({ types: ['nightly'] })", "rawPayload.client_payload.full", func(p *kicitest.Project) *kicitest.Run { return p.Dispatch("nightly", map[string]bool{"full": true}) }, "true"},
		{"dispatch without a type", "dispatch()", "'yes'", func(p *kicitest.Project) *kicitest.Run { return p.Dispatch("", nil) }, "yes"},
		{"schedule", "schedule({ cron: '0 2 * * *' })", "rawPayload.cronExpression", func(p *kicitest.Project) *kicitest.Run { return p.Schedule("0 2 * * *") }, "0 2 * * *"},
		{"webhook", "genericWebhook({ source: 'shop' })", "rawPayload.order", func(p *kicitest.Project) *kicitest.Run { return p.Webhook("shop", map[string]int{"order": 7}) }, "7"},
		{"custom", "kiciEvent({ name: 'done' })", "rawPayload.payload.n", func(p *kicitest.Project) *kicitest.Run { return p.Custom("done", map[string]int{"n": 3}) }, "3"},
		{"payload", "push()", "rawPayload.x", func(p *kicitest.Project) *kicitest.Run {
			return p.Push("main", kicitest.Payload(json.RawMessage(`{"x":"y"}`)))
		}, "y"},
		{"repository", "push()", "rawPayload.repository.full_name", func(p *kicitest.Project) *kicitest.Run { return p.Push("main", kicitest.Repository("me", "it")) }, "me/it"},
		{"delivered", "push({ branches: 'b' })", "rawPayload.k", func(p *kicitest.Project) *kicitest.Run {
			return p.Deliver(event.Event{Type: event.Push, TargetBranch: "b", Payload: json.RawMessage(`{"k":"v"}`)})
		}, "v"},
		{"files", "push({ paths: ['a/**'] })", "ctx.event?.changedFiles ?? ''", func(p *kicitest.Project) *kicitest.Run { return p.Push("main", kicitest.Files("a/b")) }, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wf := flow(t, `export default workflow('ci', { on: `+c.on+`, jobs: [job('j', { runsOn: 'x', run: async (ctx: any) => { const { rawPayload } = ctx; console.log(String(`+c.shows+`)); } })] });`)
			c.fire(wf).WantSuccess().WantLog(c.log)
		})
	}
}

func TestEventsThatDoNotExist(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		fire func(*kicitest.Project)
		want string
	}{
		{"unknown event", func(p *kicitest.Project) { p.Event("puhs") }, `did you mean "push"?`},
		{"payload that is no object", func(p *kicitest.Project) { p.Push("main", kicitest.Payload([]int{1})) }, "it must be an object, and is [1]"},
		{"payload without JSON", func(p *kicitest.Project) { p.Push("main", kicitest.Payload(func() {})) }, "unsupported type"},
		{"field without JSON", func(p *kicitest.Project) { p.Push("main", kicitest.Field("a", make(chan int))) }, "unsupported type"},
		{"unknown workflow", func(p *kicitest.Project) { p.Push("main", kicitest.OnlyWorkflow("c")) }, `unknown workflow "c"; did you mean "ci"?`},
		{"unknown job", func(p *kicitest.Project) { p.Push("main", kicitest.OnlyJob("k")) }, `unknown job "k"`},
		{"bad secret", func(p *kicitest.Project) { p.Push("main", kicitest.Secret("", "x")) }, "--secret"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := failures(t, func(ft kicitest.T) { c.fire(flow(ft, one(""))) })
			wantText(t, got, "FATAL kicitest: ", c.want)
		})
	}
}
