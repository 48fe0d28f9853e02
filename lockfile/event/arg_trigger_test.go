package event

import (
	"testing"

	"github.com/kici-dev/kici-go/lockfile"
)

func TestForTrigger(t *testing.T) {
	t.Parallel()
	type T = lockfile.Trigger
	cases := []struct {
		t    T
		want string // empty: cannot be simulated
	}{
		{T{Type: "pr"}, "pr:opened"},
		{T{Type: "pr", Events: []string{"closed", "opened"}}, "pr:closed"},
		{T{Type: "pr", Events: []string{"labeled"}}, "pr:labeled"},
		{T{Type: "push"}, "push"},
		{T{Type: "release", Actions: []string{"created"}}, "release:created"},
		{T{Type: "release"}, "release:published"},
		{T{Type: "dispatch", Types: []string{"Go"}}, "dispatch:Go"},
		{T{Type: "create", RefTypes: []string{"tag"}}, "create:tag"},
		{T{Type: "generic_webhook", Source: "Stripe"}, "generic_webhook:Stripe"},
		{T{Type: "schedule", CronExpression: "0 2 * * *"}, "schedule:0 2 * * *"},
		{T{Type: "lifecycle", Events: []string{"job_failed"}}, "lifecycle:job_failed"},
		{T{Type: "kici_event", EventName: "a"}, "kici_event:a"},
		{T{Type: "webhook", Events: []string{"push"}}, "push"},
		{T{Type: "webhook", Events: []string{"deployment"}}, ""},
		{T{Type: "webhook"}, ""},
	}
	for _, c := range cases {
		arg, ok := ForTrigger(&c.t)
		if ok != (c.want != "") || ok && arg.String() != c.want {
			t.Errorf("%+v: got %q %v, want %q", c.t, arg, ok, c.want)
		}
	}
}
