package author

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// choice is a workflow that --pick offers, with the triggers that an event
// argument can stand for.
type choice struct {
	workflow string
	triggers []string // event arguments
}

// pick asks for a workflow and a trigger and fills them into the options.
// Without a terminal it prints what there is and returns false.
func (a *app) pick(ctx context.Context, o *runFlags) (bool, error) {
	res, err := author.Compile(ctx, author.CompileOptions{Dir: a.Dir, KiciDir: o.Kici, Check: true, Environ: a.Environ(), Stderr: a.Stderr})
	if err != nil {
		return false, err
	}
	if res.Lock == nil {
		showFindings(a.Stderr, a.style, findings(a.State, res.Project.Root, res.Diagnostics))
		return false, cli.ErrReported
	}
	choices := offered(res.Lock, o.Event)
	if len(choices) == 0 {
		return false, &cli.UsageError{Message: "no workflow has a trigger" + join("", " for ", o.Event), Hint: "'kici test <event>' explains what an event starts"}
	}
	if !a.Interactive() {
		fmt.Fprintln(a.Stdout, "Workflows to choose from (not a terminal, so nothing was run):")
		for _, c := range choices {
			fmt.Fprintf(a.Stdout, "  %s\n", c)
		}
		fmt.Fprintf(a.Stdout, "\nRun one with: kici run local %s --workflow %s\n", shellWord(choices[0].triggers[0]), shellWord(choices[0].workflow))
		return false, nil
	}
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = c.String()
	}
	n, err := a.choose("Which workflow?", names)
	if err != nil || n < 0 {
		return false, err
	}
	trigger := 0
	if len(choices[n].triggers) > 1 {
		if trigger, err = a.choose("Which trigger?", choices[n].triggers); err != nil || trigger < 0 {
			return false, err
		}
	}
	o.Workflow, o.Event = choices[n].workflow, choices[n].triggers[trigger]
	return true, nil
}

func (c choice) String() string {
	return fmt.Sprintf("%s (%s)", c.workflow, strings.Join(c.triggers, ", "))
}

// offered lists the workflows with a trigger of the family that the event
// argument names, all of them when it is empty.
func offered(lock *lockfile.File, only string) []choice {
	var out []choice
	for _, w := range lock.Workflows {
		c := choice{workflow: w.Name}
		for _, t := range w.Triggers {
			arg := triggerArg(t)
			if arg != "" && sameFamily(only, arg) && !slices.Contains(c.triggers, arg) {
				c.triggers = append(c.triggers, arg)
			}
		}
		if len(c.triggers) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// sameFamily compares the words before the colon; lifecycle also covers the
// completions that it hears of.
func sameFamily(only, arg string) bool {
	family := func(s string) string {
		head, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(s)), ":")
		if head == "webhook" {
			return "generic_webhook"
		}
		return head
	}
	want, have := family(only), family(arg)
	return want == "" || want == have || want == "lifecycle" && strings.HasSuffix(have, "_complete")
}

// triggerArg is the event argument that makes a trigger match, as far as an
// argument can; empty for what no argument stands for.
func triggerArg(t lockfile.Trigger) string {
	first := func(list []string, fallback string) string {
		if len(list) > 0 {
			return list[0]
		}
		return fallback
	}
	arg := string(t.Type)
	switch t.Type {
	case lockfile.TriggerPR:
		arg = "pr:" + first(t.Events, "opened")
	case lockfile.TriggerWebhook:
		arg = first(t.Events, "")
	case lockfile.TriggerGenericWebhook:
		arg = "webhook:" + t.Source
	case lockfile.TriggerSchedule:
		arg = "schedule:" + t.CronExpression
	case lockfile.TriggerKiciEvent:
		arg = "kici_event:" + t.EventName
	case lockfile.TriggerDispatch:
		arg = join(":", arg, first(t.Types, ""))
	case lockfile.TriggerCreate, lockfile.TriggerDelete:
		arg = join(":", arg, first(t.RefTypes, ""))
	case lockfile.TriggerWorkflowComplete, lockfile.TriggerJobComplete:
		arg = join(":", arg, first(t.Status, ""))
	case lockfile.TriggerLifecycle:
		arg = join(":", arg, first(t.Events, ""))
	default:
		arg = join(":", arg, first(t.Actions, ""))
	}
	if _, err := event.ParseArg(arg); err == nil {
		return arg
	}
	return ""
}
