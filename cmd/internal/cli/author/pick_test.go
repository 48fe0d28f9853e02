package author

import (
	"context"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/lockfile"
)

func picking(t *testing.T, answers string) (*terminal, *runFlags) {
	term := real(t, map[string]string{".kici/workflows/ci.ts": realWorkflow})
	ran := &runFlags{}
	term.lib.runLocal = func(_ context.Context, _ *cli.State, o runFlags, _ *lines) (*result, error) {
		*ran = o
		return &result{}, nil
	}
	if answers != "" {
		delete(term.state.Env, "CI")
		term.state.StdinTTY, term.state.StdoutTTY = true, true
		term.state.Stdin = strings.NewReader(answers)
	}
	return term, ran
}

func TestPick(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, answers, event, workflow string }{
		{"--pick", "1\n2\n", "pr:opened", "ci"},
		{"-p", "2\n", "push", "nightly"},
		{"pr:open --pick", "1\n", "pr:opened", "ci"},
	} {
		term, ran := picking(t, c.answers)
		term.run(cli.ExitOK, append([]string{"run", "local"}, strings.Fields(c.args)...)...)
		if ran.Event != c.event || ran.Workflow != c.workflow {
			t.Errorf("%s, answers %q: ran %q of %q, want %q of %q", c.args, c.answers, ran.Event, ran.Workflow, c.event, c.workflow)
		}
	}
}

func TestPickRunsNothing(t *testing.T) {
	t.Parallel()
	term, ran := picking(t, "")
	golden(t, "pick-no-terminal", term.run(cli.ExitOK, "run", "local", "--pick"))
	term, _ = picking(t, "\n")
	term.run(cli.ExitOK, "run", "local", "--pick")
	term, _ = picking(t, "1\n") // the input ends before the second answer
	term.run(cli.ExitInterrupted, "run", "local", "--pick")
	term, _ = picking(t, "1\n")
	term.run(cli.ExitUsage, "run", "local", "release", "--pick")
	contains(t, term.stderr.String(), "no workflow has a trigger for release")
	if ran.Event != "" {
		t.Error("something was run")
	}
}

func TestTriggerArg(t *testing.T) {
	t.Parallel()
	for want, trigger := range map[string]lockfile.Trigger{
		"pr:opened":           {Type: lockfile.TriggerPR},
		"pr:synchronize":      {Type: lockfile.TriggerPR, Events: []string{"synchronize"}},
		"push":                {Type: lockfile.TriggerPush},
		"comment:edited":      {Type: lockfile.TriggerComment, Actions: []string{"edited"}},
		"dispatch:deploy":     {Type: lockfile.TriggerDispatch, Types: []string{"deploy"}},
		"create:tag":          {Type: lockfile.TriggerCreate, RefTypes: []string{"tag"}},
		"webhook:stripe":      {Type: lockfile.TriggerGenericWebhook, Source: "stripe"},
		"schedule:0 3 * * *":  {Type: lockfile.TriggerSchedule, CronExpression: "0 3 * * *"},
		"kici_event:deployed": {Type: lockfile.TriggerKiciEvent, EventName: "deployed"},
		"job_complete:failed": {Type: lockfile.TriggerJobComplete, Status: []string{"failed"}},
		"lifecycle":           {Type: lockfile.TriggerLifecycle},
		"":                    {Type: lockfile.TriggerWebhook, Events: []string{"no_such_event"}},
	} {
		if got := triggerArg(trigger); got != want {
			t.Errorf("%s: got %q, want %q", trigger.Type, got, want)
		}
	}
}
