package author

import (
	"bufio"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// app is what every command of one invocation shares.
type app struct {
	*cli.State
	style   cli.Style
	library library
	answers *bufio.Reader // of Stdin, so that two questions share one buffer
}

// Main runs one command line and returns the exit code.
func Main(s *cli.State) int { return run(s, authorLibrary()) }

func run(s *cli.State, lib library) int {
	a := &app{State: s, style: cli.StyleFor(s), library: lib}
	root := a.root()
	root.SetArgs(s.Args)
	root.SetIn(s.Stdin)
	root.SetOut(s.Stdout)
	root.SetErr(s.Stderr)
	err := cli.Execute(context.Background(), root)
	return cli.Explain(a.Stderr, a.style, err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "kici",
		Short: "CI/CD workflows in TypeScript, compiled and run anywhere",
		Long: `kici compiles workflows written in TypeScript to a lock file and runs them,
here or on your own servers. One binary: no Node, no Docker, no database.`,
		Example: `  kici init                    scaffold .kici/ with two starter workflows
  kici compile                 check the workflows and write .kici/kici.lock.json
  kici test pr:open            show which workflows an event would start, and why
  kici run local push          run them here, in a throwaway checkout
  kici dev                     run commits as they land, through a server of your own`,
		Version:       cli.ThisBuild().Version,
		SilenceErrors: true, SilenceUsage: true,
		Args: cli.UnknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetUsageTemplate(cli.UsageTemplate)
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(a.compileCommand(), a.testCommand(), a.runCommand(), a.devCommand(), a.initCommand(),
		a.loginCommand(), a.logoutCommand(), a.statusCommand(), a.cancelCommand(), a.workflowsCommand(), a.adminCommand(),
		a.fixtureCommand(), a.endpointsCommand(), a.hookCommand(), a.docsCommand(), a.completionCommand(), a.versionCommand())
	root.SetHelpCommandGroupID("")
	return root
}

// banner names the program and its version on top of what people read; what
// programs read (--json, --quiet) comes without it.
func (a *app) banner() {
	fmt.Fprintf(a.Stdout, "%s\n", a.style.Dim("kici v"+cli.ThisBuild().Version))
}

// group is a command that only holds others.
func (a *app) group(use, short, long, example string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Example: example,
		Args: cli.UnknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(children...)
	return cmd
}

// Shorter names for what all command trees share.
func flagError(cmd *cobra.Command, err error) error  { return cli.FlagError(cmd, err) }
func noArgs(cmd *cobra.Command, args []string) error { return cli.NoArgs(cmd, args) }
func atMostOne(what string) cobra.PositionalArgs     { return cli.AtMostOne(what) }
func exactlyOne(what string) cobra.PositionalArgs    { return cli.ExactlyOne(what) }

// kiciDir adds the flag that most commands have.
func (a *app) kiciDir(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "kici-dir", ".kici", "folder that holds workflows/ and the lock file")
	_ = cmd.MarkFlagDirname("kici-dir")
}
