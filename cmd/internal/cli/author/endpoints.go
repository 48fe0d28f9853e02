package author

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/lockfile"
)

func (a *app) endpointsCommand() *cobra.Command {
	var kiciDir string
	cmd := &cobra.Command{
		Use:   "endpoints",
		Short: "List the addresses and schedules that start your workflows",
		Long: `Reads the lock file and lists what can start a workflow from outside: webhook
addresses of git providers and other services, schedules, and events of KiCI
itself. Run 'kici compile' first.`,
		Example: `  kici endpoints
  kici endpoints --kici-dir packages/app/.kici`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return a.endpoints(kiciDir) },
	}
	a.kiciDir(cmd, &kiciDir)
	return cmd
}

func (a *app) endpoints(kiciDir string) error {
	a.banner()
	lock, err := a.readLock(kiciDir)
	if err != nil {
		return err
	}
	org, known := a.organization()
	groups := collectEndpoints(lock, org)
	if groups.empty() {
		fmt.Fprintln(a.Stdout, "No entry points: no workflow of the lock file has a trigger.")
		return nil
	}
	groups.show(a)
	if !known && (len(groups.git) > 0 || len(groups.generic) > 0) {
		fmt.Fprintf(a.Stdout, "\n%s is the id of your organization: 'kici org use <name>' fills it in.\n", org)
	}
	return nil
}

// readLock reads the committed lock file; what is wrong with it comes with the
// command that mends it.
func (a *app) readLock(kiciDir string) (*lockfile.File, error) {
	at := path.Join(kiciDir, lockfile.Path)
	text, found, err := a.Disk.Read(at)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, &cli.HintedError{Err: fmt.Errorf("no lock file at %s", at), Hint: "run 'kici compile' first"}
	}
	lock, err := lockfile.Parse([]byte(text))
	if err != nil {
		advice := "'kici compile' writes a fresh one"
		var hinted interface{ Hint() string }
		if errors.As(err, &hinted) && hinted.Hint() != "" {
			advice = hinted.Hint()
		}
		return nil, &cli.HintedError{Err: fmt.Errorf("%s: %w", at, err), Hint: advice}
	}
	return lock, nil
}

// organization is the active one of the user's configuration, or a stand-in.
func (a *app) organization() (id string, known bool) {
	c, err := a.credentials()
	if err != nil || c.values[keyOrg] == "" {
		return "{orgId}", false
	}
	return c.values[keyOrg], true
}

// entrypoints are the lines of each group, in the order of the lock file and
// without repetition.
type entrypoints struct{ git, generic, schedules, events []string }

func (e entrypoints) empty() bool {
	return len(e.git)+len(e.generic)+len(e.schedules)+len(e.events) == 0
}

func (e entrypoints) show(a *app) {
	for _, g := range []struct {
		title string
		lines []string
	}{
		{"Git provider webhooks", e.git}, {"Generic webhooks", e.generic},
		{"Scheduled workflows", e.schedules}, {"Event-driven workflows", e.events},
	} {
		if len(g.lines) == 0 {
			continue
		}
		fmt.Fprintf(a.Stdout, "\n%s\n", a.style.Bold(g.title))
		for _, line := range g.lines {
			fmt.Fprintf(a.Stdout, "  %s\n", line)
		}
	}
}

func collectEndpoints(lock *lockfile.File, org string) entrypoints {
	var e entrypoints
	seen := map[string]bool{}
	add := func(to *[]string, line string) {
		if !seen[line] {
			seen[line] = true
			*to = append(*to, line)
		}
	}
	for _, w := range lock.Workflows {
		for _, t := range w.Triggers {
			switch t.Type {
			case lockfile.TriggerGenericWebhook:
				add(&e.generic, fmt.Sprintf("%s: /webhook/%s/generic/%s", t.Source, org, t.Source))
			case lockfile.TriggerSchedule:
				zone := t.Timezone
				if zone == "" {
					zone = "UTC"
				}
				add(&e.schedules, fmt.Sprintf("%s: %q (%s)", firstOf(t.Description, w.Name), t.CronExpression, zone))
			case lockfile.TriggerKiciEvent, lockfile.TriggerWorkflowComplete, lockfile.TriggerJobComplete, lockfile.TriggerLifecycle:
				add(&e.events, fmt.Sprintf("%s: %s", w.Name, eventSource(t)))
			default:
				add(&e.git, "GitHub:  /webhook/"+org+"/github")
			}
		}
	}
	return e
}

func eventSource(t lockfile.Trigger) string {
	switch t.Type {
	case lockfile.TriggerKiciEvent:
		return "kici_event " + t.EventName
	case lockfile.TriggerWorkflowComplete:
		return join(":", "workflow_complete", t.Name)
	case lockfile.TriggerJobComplete:
		return join(":", "job_complete", join(".", t.Workflow, t.Job))
	default:
		return join(" ", "lifecycle", strings.Join(t.Events, ", "))
	}
}

// join leaves out empty parts.
func join(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
