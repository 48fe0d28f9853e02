package author

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// runFlags is the command line of run local.
type runFlags struct {
	Event, Fixture                                   string
	Pick, KeepGoing, Container, Quiet, JSON, Debug   bool
	InPlace, Keep, FollowEvents                      bool
	Workflow, Job, Branch, SHA, Payload, JUnit, Kici string
	Concurrency                                      int
	Env, Files, Secrets, Contexts                    []string
}

func (a *app) runLocalCommand() *cobra.Command {
	var o runFlags
	cmd := &cobra.Command{
		Use:   "local [event]",
		Short: "Run workflows here, without a server",
		Long: `Compiles the workflows, finds those that the event starts, and runs their jobs
side by side, in the order their needs allow. Everything happens in a throwaway
copy of your working tree (kept when something fails), so nothing a step does
touches your files; --in-place turns that off.

Ctrl+C once lets running jobs clean up, twice kills everything they started.
Exit codes: 0 all succeeded or nothing matched, 1 something failed, 2 the command
line is wrong, 130 interrupted.`,
		Example: `  kici run local push                              what a push would start
  kici run local pr:open --branch main             a pull request against main
  kici run local push --workflow ci --job test     one job and what it needs
  kici run local schedule --pick                   choose from a list
  kici run local --fixture push-main               the event of a fixture in .kici/tests
  kici run local push --env NODE_ENV=test          set a variable
  kici run local push --json | jq .summary         for programs
  kici run local push --junit results.xml          for test reports`,
		Args:              atMostOne("event"),
		ValidArgsFunction: a.completeEvents,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.Event = args[0]
			}
			if err := o.check(); err != nil {
				return err
			}
			return a.runLocal(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.Pick, "pick", "p", false, "choose workflow and trigger from a list")
	f.StringVar(&o.Fixture, "fixture", "", "take event and secrets from this fixture of .kici/tests (a name or a glob)")
	f.StringVar(&o.Workflow, "workflow", "", "run only this workflow")
	f.StringVar(&o.Job, "job", "", "run only this job and what it needs")
	f.StringVar(&o.Branch, "branch", "", "branch of the event (default: the current one)")
	f.StringVar(&o.SHA, "sha", "", "commit of the event (default: the current one)")
	f.StringVar(&o.Payload, "payload", "", "JSON file to use as the event's payload")
	f.IntVar(&o.Concurrency, "concurrency", runtime.NumCPU(), "how many jobs run at the same time")
	f.Lookup("concurrency").DefValue = "one per core" // help and docs do not depend on the machine
	f.BoolVar(&o.KeepGoing, "keep-going", false, "after a failure, run what does not depend on it")
	f.BoolVar(&o.Container, "container", false, "run jobs in containers (Docker or Podman)")
	f.StringArrayVar(&o.Env, "env", nil, "set a variable, KEY=VALUE, also readable as a secret (repeatable)")
	f.StringArrayVar(&o.Secrets, "secret", nil, "give a secret, KEY=VALUE (repeatable)")
	f.StringArrayVar(&o.Contexts, "context", nil, "give a secret of a context, CONTEXT.KEY=VALUE (repeatable)")
	f.StringArrayVar(&o.Files, "files", nil, "say which file changed (repeatable, default: git diff)")
	f.BoolVar(&o.Quiet, "quiet", false, "print the summary only")
	f.BoolVar(&o.JSON, "json", false, "print the result as JSON and nothing else")
	f.StringVar(&o.JUnit, "junit", "", "write a JUnit report to this file")
	f.BoolVar(&o.Debug, "debug", false, "show decisions and internals")
	f.BoolVar(&o.InPlace, "in-place", false, "run in the working tree itself instead of a copy")
	f.BoolVar(&o.Keep, "keep", false, "keep the copy even when all succeeds")
	f.BoolVar(&o.FollowEvents, "follow-events", false, "also run what the workflows' own events start")
	a.kiciDir(cmd, &o.Kici)
	_ = cmd.RegisterFlagCompletionFunc("fixture", a.completeFixtures)
	_ = cmd.MarkFlagFilename("payload", "json")
	_ = cmd.MarkFlagFilename("junit", "xml")
	return cmd
}

// check finds what cannot be right before anything is done.
func (o runFlags) check() error {
	switch {
	case o.Pick && o.Workflow != "":
		return &cli.UsageError{Message: "--pick and --workflow exclude each other", Hint: "--pick asks which workflow, --workflow says it"}
	case o.Fixture != "" && (o.Event != "" || o.Pick):
		return &cli.UsageError{Message: "--fixture brings its own event", Hint: "leave out " + firstOf(o.Event, "--pick") + ", or --fixture"}
	case o.Event == "" && o.Fixture == "" && !o.Pick:
		return &cli.UsageError{Message: "which event?", Hint: "for example 'kici run local push', or --pick to choose from a list, or --fixture for one of .kici/tests"}
	case o.Concurrency < 1:
		return &cli.UsageError{Message: fmt.Sprintf("--concurrency %d: at least one job has to run", o.Concurrency)}
	}
	if o.Event != "" {
		if _, err := parseEvent(o.Event); err != nil {
			return err
		}
	}
	return checkPairs(o.Secrets, o.Env, o.Contexts)
}

// checkPairs finds a KEY=VALUE that is none.
func checkPairs(secrets, env, contexts []string) error {
	for _, flag := range []struct {
		name   string
		values []string
	}{{"--env", env}, {"--secret", secrets}, {"--context", contexts}} {
		for _, v := range flag.values {
			key, _, ok := strings.Cut(v, "=")
			if !ok || key == "" {
				return &cli.UsageError{Message: fmt.Sprintf("%s %q is not of the form KEY=VALUE", flag.name, v)}
			}
			if flag.name == "--context" && !strings.Contains(key, ".") {
				return &cli.UsageError{Message: fmt.Sprintf("--context %q is not of the form CONTEXT.KEY=VALUE", v)}
			}
		}
	}
	return nil
}

func (a *app) runLocal(ctx context.Context, o runFlags) error {
	if !o.JSON && !o.Quiet {
		a.banner()
	}
	if o.Pick {
		if chosen, err := a.pick(ctx, &o); err != nil || !chosen {
			return err
		}
	}
	return a.live(o, func(live *lines) (*result, error) { return a.library.runLocal(ctx, a.State, o, live) })
}

// live shows a run while it happens, and then what became of it.
func (a *app) live(o runFlags, run func(live *lines) (*result, error)) error {
	live := newLines(a.Stdout, a.style, o.JSON || o.Quiet)
	if a.wantsTree(o) {
		live.tree = newTree(a.style, cli.NewScreen(a.Stdout, a.Size), time.Now)
		live.tree.start()
	}
	res, err := run(live)
	if lineErr := live.close(); err == nil {
		err = lineErr
	}
	if err != nil && res == nil {
		return err
	}
	if reported := a.report(*res, o); reported != nil {
		return reported
	}
	if err != nil {
		return err
	}
	if res.overall() == failed {
		return cli.ErrReported
	}
	return nil
}

// report shows the result in the form that was asked for.
func (a *app) report(res result, o runFlags) error {
	if o.JUnit != "" {
		if err := a.writeJUnitFile(o.JUnit, res); err != nil {
			return err
		}
	}
	if o.JSON {
		enc := json.NewEncoder(a.Stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(res)
	}
	if len(res.Workflows) == 0 {
		if o.Quiet { // otherwise it has been said already, with reasons
			fmt.Fprintln(a.Stdout, "No workflow matches this event.")
		}
		return nil
	}
	a.showFailures(a.Stdout, res, func(workflow, job string) string {
		return againCommand(o.Event, workflow, job, o.repeated())
	})
	showSummary(a.Stdout, a.style, res)
	return nil
}

func (a *app) writeJUnitFile(path string, res result) error {
	file, err := a.Disk.Create(path)
	if err != nil {
		return err
	}
	err = writeJUnit(file, res)
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}

// repeated are the flags that a second run of one job needs to be the same.
func (o runFlags) repeated() []string {
	var out []string
	add := func(flag, value string) {
		if value != "" {
			out = append(out, flag, value)
		}
	}
	add("--fixture", o.Fixture)
	add("--branch", o.Branch)
	add("--sha", o.SHA)
	add("--payload", o.Payload)
	for _, f := range o.Files {
		add("--files", f)
	}
	for _, e := range o.Env { // not --secret: what is printed is read by others
		key, _, _ := strings.Cut(e, "=")
		add("--env", key+"=…")
	}
	if o.Kici != ".kici" {
		add("--kici-dir", o.Kici)
	}
	if o.InPlace {
		out = append(out, "--in-place")
	}
	return out
}
