package author

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// devFlags is the command line of dev.
type devFlags struct {
	Once, Branch, SHA, Payload, JUnit string
	Quiet, JSON, Debug                bool
	Concurrency, Port                 int
	Secrets, Contexts                 []string
}

func (a *app) devCommand() *cobra.Command {
	var o devFlags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run commits as they land, through an orchestrator and an agent of your own",
		Long: `Starts an orchestrator and an agent in this process and runs the workflows of this
repository the way a server does: the lock file is read at the commit, jobs wait
in a queue, the agent clones. It watches branches and tags (no hook is installed):
a commit is a push, and 'kici dev trigger' hands in any other event. With --once
it runs one event at HEAD, shows what becomes of it, and ends.

What is not committed does not run here; 'kici run local' takes the working tree.

Ctrl+C once lets running jobs clean up, twice kills everything they started.
Exit codes of --once: 0 all succeeded or nothing matched, 1 something failed, 2 the
command line is wrong, 130 interrupted. A dev that is ended by Ctrl+C exits 0 when
nothing was running, 130 otherwise.`,
		Example: `  kici dev                                run what is committed from now on
  kici dev trigger pr:open                in another terminal: run this, too
  kici dev --once push                    what a push of HEAD would start
  kici dev --once tag --branch v1.2.0     a tag that was pushed
  kici dev --once pr:open --branch main   a pull request of HEAD against main
  kici dev --once push --json | jq .summary`,
		Args: cli.UnknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if o.Once != "" {
				return a.devOnce(cmd.Context(), o)
			}
			return a.library.dev(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Once, "once", "", "run this event at HEAD, and end")
	f.StringVar(&o.Branch, "branch", "", "with --once: branch or tag of the event (default: HEAD; of a pull request: the default branch)")
	f.StringVar(&o.SHA, "sha", "", "with --once: commit of the event (default: the tip of the branch)")
	f.StringVar(&o.Payload, "payload", "", "with --once: JSON file to use as the event's payload")
	f.StringVar(&o.JUnit, "junit", "", "with --once: write a JUnit report to this file")
	f.IntVar(&o.Port, "port", 0, "port on 127.0.0.1")
	f.Lookup("port").DefValue = "the next free one from 4000 on"
	f.IntVar(&o.Concurrency, "concurrency", runtime.NumCPU(), "how many jobs run at the same time")
	f.Lookup("concurrency").DefValue = "one per core" // help and docs do not depend on the machine
	f.StringArrayVar(&o.Secrets, "secret", nil, "give a secret, KEY=VALUE (repeatable)")
	f.StringArrayVar(&o.Contexts, "context", nil, "give a secret of an environment, ENVIRONMENT.KEY=VALUE (repeatable)")
	f.BoolVar(&o.Quiet, "quiet", false, "print outcomes only")
	f.BoolVar(&o.JSON, "json", false, "print results as JSON and nothing else (without --once: a line for every run)")
	f.BoolVar(&o.Debug, "debug", false, "show decisions, and what both tiers say")
	_ = cmd.RegisterFlagCompletionFunc("once", a.completeEvents)
	_ = cmd.MarkFlagFilename("payload", "json")
	_ = cmd.MarkFlagFilename("junit", "xml")
	cmd.AddCommand(a.devTriggerCommand())
	return cmd
}

func (a *app) devTriggerCommand() *cobra.Command {
	var o devFlags
	cmd := &cobra.Command{
		Use:   "trigger <event>",
		Short: "Hand an event to the kici dev of this repository",
		Long: `Hands an event to the 'kici dev' that runs for this repository and says what it
started. The runs are shown there.`,
		Example: `  kici dev trigger push                          a push of HEAD
  kici dev trigger push --branch topic           of another branch
  kici dev trigger pr:open --branch main         a pull request of HEAD against main
  kici dev trigger dispatch:deploy --payload p.json
  kici dev trigger 'schedule:0 3 * * *'`,
		Args:              exactlyOne("event"),
		ValidArgsFunction: a.completeEvents,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Once, o.Concurrency = args[0], 1
			if err := o.check(); err != nil {
				return err
			}
			return a.devTrigger(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Branch, "branch", "", "branch or tag of the event (default: HEAD; of a pull request: the default branch)")
	f.StringVar(&o.SHA, "sha", "", "commit of the event (default: the tip of the branch)")
	f.StringVar(&o.Payload, "payload", "", "JSON file to use as the event's payload")
	_ = cmd.MarkFlagFilename("payload", "json")
	return cmd
}

// check finds what cannot be right before anything is started.
func (o devFlags) check() error {
	if o.Concurrency < 1 {
		return &cli.UsageError{Message: fmt.Sprintf("--concurrency %d: at least one job has to run", o.Concurrency)}
	}
	if o.Once != "" {
		if _, err := parseEvent(o.Once); err != nil {
			return err
		}
		return checkPairs(o.Secrets, nil, o.Contexts)
	}
	for flag, value := range map[string]string{"--branch": o.Branch, "--sha": o.SHA, "--payload": o.Payload, "--junit": o.JUnit} {
		if value != "" {
			return &cli.UsageError{Message: flag + " is about one event", Hint: "add --once <event>, or see 'kici dev trigger'"}
		}
	}
	return checkPairs(o.Secrets, nil, o.Contexts)
}

// shown is how the outcome is shown: as that of a local run.
func (o devFlags) shown() runFlags {
	return runFlags{
		Event: o.Once, Branch: o.Branch, SHA: o.SHA, Payload: o.Payload, Kici: ".kici",
		Quiet: o.Quiet, JSON: o.JSON, JUnit: o.JUnit, Debug: o.Debug,
	}
}

func (a *app) devOnce(ctx context.Context, o devFlags) error {
	if !o.JSON && !o.Quiet {
		a.banner()
	}
	return a.live(o.shown(), func(live *lines) (*result, error) { return a.library.devOnce(ctx, a.State, o, live) })
}

func (a *app) devTrigger(ctx context.Context, o devFlags) error {
	got, err := a.library.devTrigger(ctx, a.State, o)
	if err != nil {
		return err
	}
	if len(got.Runs) == 0 {
		fmt.Fprintln(a.Stdout, "No workflow matches this event:")
		for _, d := range got.Decisions {
			fmt.Fprintf(a.Stdout, "  %s: %s\n", d.WorkflowName, d.Summary)
		}
		return nil
	}
	for _, r := range got.Runs {
		fmt.Fprintf(a.Stdout, "%s started %s %s\n", a.style.Green("✓"), a.style.Bold(r.Workflow), a.style.Dim(r.Logs))
	}
	return nil
}

// payload reads the file of --payload.
func payload(s *cli.State, path, event string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	text, found, err := s.Disk.Read(path)
	if err == nil && !found {
		err = &cli.UsageError{Message: fmt.Sprintf("--payload %s: no such file", path), Hint: fmt.Sprintf("'kici fixture %s --output %s' writes one to start from", event, path)}
	}
	return []byte(text), err
}
