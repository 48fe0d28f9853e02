package author

import (
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/lockfile"
)

func lockWith(t *testing.T, triggers ...lockfile.Trigger) string {
	t.Helper()
	f := &lockfile.File{
		SchemaVersion: lockfile.SchemaVersion, Source: lockfile.Source{File: ".kici/workflows/a.ts", Export: "#default"},
		Workflows: []lockfile.Workflow{{
			Name: "a", Source: lockfile.Source{File: ".kici/workflows/a.ts", Export: "#default"}, Triggers: triggers,
			CompileSchemaVersion: lockfile.CompileSchemaVersion, ContentHash: lockfile.WorkflowHash([]byte("x"), ""),
		}},
	}
	if err := lockfile.Seal(f); err != nil {
		t.Fatal(err)
	}
	text, err := lockfile.Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	term := setup(t)
	term.write(".kici/kici.lock.json", lockWith(t,
		lockfile.Trigger{Type: lockfile.TriggerPush}, lockfile.Trigger{Type: lockfile.TriggerWebhook, Events: []string{"x"}},
		lockfile.Trigger{Type: lockfile.TriggerGenericWebhook, Source: "stripe"}, lockfile.Trigger{Type: lockfile.TriggerGenericWebhook, Source: "stripe"},
		lockfile.Trigger{Type: lockfile.TriggerSchedule, CronExpression: "0 3 * * *", Timezone: "Europe/Berlin", Description: "nightly"},
		lockfile.Trigger{Type: lockfile.TriggerSchedule, CronExpression: "0 4 * * *"},
		lockfile.Trigger{Type: lockfile.TriggerKiciEvent, EventName: "deployed"},
		lockfile.Trigger{Type: lockfile.TriggerWorkflowComplete, Name: "ci"}, lockfile.Trigger{Type: lockfile.TriggerWorkflowComplete},
		lockfile.Trigger{Type: lockfile.TriggerJobComplete, Workflow: "ci", Job: "test"},
		lockfile.Trigger{Type: lockfile.TriggerLifecycle, Events: []string{"workflow_complete"}},
	))
	golden(t, "endpoints", term.run(cli.ExitOK, "endpoints"))
	term.write("cfg/config", `{"activeOrgId":"org1"}`)
	term.state.Env["KICI_CONFIG_DIR"] = term.state.Path("cfg")
	contains(t, term.run(cli.ExitOK, "endpoints"), "GitHub:  /webhook/org1/github\n")
}

func TestEndpointsWithoutAny(t *testing.T) {
	t.Parallel()
	term := setup(t)
	term.run(cli.ExitFailed, "endpoints")
	contains(t, term.stderr.String(), "no lock file at .kici/kici.lock.json", "run 'kici compile' first")
	term.write("a/.kici/kici.lock.json", lockWith(t))
	contains(t, term.run(cli.ExitOK, "endpoints", "--kici-dir", "a/.kici"), "No entry points")
	for _, broken := range []string{"", "{", "\x00\x01", "[]", `{"schemaVersion":99,"workflows":[]}`} {
		term.write(".kici/kici.lock.json", broken)
		term.run(cli.ExitFailed, "endpoints")
		contains(t, term.stderr.String(), "hint: ")
	}
}
