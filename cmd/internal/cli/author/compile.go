package author

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// compileFlags is the command line of compile.
type compileFlags struct {
	KiciDir                       string
	Check, Locked, Watch, Verbose bool
}

// compiled is what the compiler answered, ready to be shown.
type compiled struct {
	Findings  []finding
	Workflows int
	Failed    bool
	Wrote     bool     // false when the lock file was right already
	Details   []string // for --verbose
}

func (a *app) compileCommand() *cobra.Command {
	var o compileFlags
	cmd := &cobra.Command{
		Use:   "compile",
		Short: "Check the workflows and write the lock file",
		Long: `Compiles the workflows of .kici/workflows/ to .kici/kici.lock.json, which is
committed beside them. Every mistake is shown at once, with its line; the old
lock file stays as it is until there are none.

--check validates without writing anything, and warns when the committed lock
file is stale; with --locked a stale one is an error, as a pipeline wants it.`,
		Example: `  kici compile                     write .kici/kici.lock.json
  kici compile --check --locked    in a pipeline: valid, and the lock file fresh?
  kici compile --watch             again after every save
  kici compile --kici-dir packages/app/.kici`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Locked && !o.Check {
				return &cli.UsageError{Message: "--locked needs --check", Hint: "kici compile --check --locked"}
			}
			a.banner()
			if o.Watch {
				return a.watch(cmd.Context(), o)
			}
			res, err := a.library.compile(cmd.Context(), a.State, o)
			if err != nil {
				return err
			}
			return a.showCompiled(res, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.Check, "check", false, "validate only, write nothing")
	f.BoolVar(&o.Locked, "locked", false, "with --check: fail when the lock file is stale")
	f.BoolVar(&o.Watch, "watch", false, "compile again whenever a source changes")
	f.BoolVar(&o.Verbose, "verbose", false, "show what is done and how long it takes")
	a.kiciDir(cmd, &o.KiciDir)
	return cmd
}

func (a *app) showCompiled(res compiled, o compileFlags) error {
	showFindings(a.Stderr, a.style, res.Findings)
	if o.Verbose {
		for _, line := range res.Details {
			fmt.Fprintln(a.Stdout, a.style.Dim(line))
		}
	}
	if res.Failed {
		fmt.Fprintf(a.Stderr, "\n%s %s\n", a.style.Red("✗"), countFindings(res.Findings))
		return cli.ErrReported
	}
	done := "Compiled workflows → .kici/kici.lock.json"
	if o.Check {
		done = "Workflows are valid"
	}
	fmt.Fprintf(a.Stdout, "%s %s (%s)\n", a.style.Green("✓"), done, plural(res.Workflows, "workflow"))
	return nil
}

// clearScreen also drops the scroll-back: under --watch an error of three
// saves ago must not look like one of now.
const clearScreen = "\x1b[2J\x1b[3J\x1b[H"

func (a *app) watch(ctx context.Context, o compileFlags) error {
	ctx, stop := a.untilSignal(ctx)
	defer stop()
	o.Check = false
	first := true
	err := a.library.watch(ctx, a.State, o, func(res compiled, err error) {
		if !first && a.StdoutTTY {
			fmt.Fprint(a.Stdout, clearScreen)
		}
		first = false
		if err == nil {
			err = a.showCompiled(res, o)
		}
		if err != nil {
			cli.Explain(a.Stderr, a.style, err)
		}
		fmt.Fprintln(a.Stdout, a.style.Dim("Watching for changes, Ctrl+C ends."))
	})
	if ctx.Err() != nil { // the way a watch ends
		return nil
	}
	return err
}

// untilSignal ends the context at the first interrupt.
func (a *app) untilSignal(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals, stop := a.Signals()
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel()
		<-done
		stop()
	}
}
