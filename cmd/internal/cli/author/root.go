package author

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/lockfile/event"
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
	err := root.ExecuteContext(context.Background())
	if err != nil {
		a.explain(err)
	}
	return cli.ExitCode(err)
}

// explain shows an error once, with its advice; what a command has shown
// itself is not repeated.
func (a *app) explain(err error) {
	if errors.Is(err, cli.ErrReported) || errors.Is(err, cli.ErrInterrupted) {
		return
	}
	fmt.Fprintf(a.Stderr, "%s %s\n", a.style.Red("error:"), err)
	if hint := cli.Hint(err); hint != "" {
		fmt.Fprintf(a.Stderr, "  %s %s\n", a.style.Cyan("hint:"), hint)
	}
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
  kici run local push          run them here, in a throwaway checkout`,
		Version:       cli.ThisBuild().Version,
		SilenceErrors: true, SilenceUsage: true,
		Args: a.unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetUsageTemplate(usageTemplate)
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(a.compileCommand(), a.testCommand(), a.runCommand(), a.initCommand(),
		a.fixtureCommand(), a.endpointsCommand(), a.hookCommand(), a.docsCommand(), a.completionCommand(), a.versionCommand())
	root.SetHelpCommandGroupID("")
	return root
}

// banner names the program and its version on top of what people read; what
// programs read (--json, --quiet) comes without it.
func (a *app) banner() {
	fmt.Fprintf(a.Stdout, "%s\n", a.style.Dim("kici v"+cli.ThisBuild().Version))
}

// unknownCommand answers an argument that names no command of the group.
func (a *app) unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return &cli.UsageError{
		Message: fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath()),
		Hint:    cli.DidYouMean(args[0], "commands", names),
	}
}

// group is a command that only holds others.
func (a *app) group(use, short, long, example string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Example: example,
		Args: a.unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(children...)
	return cmd
}

// flagError turns pflag's complaint into a usage error with a suggestion.
func flagError(cmd *cobra.Command, err error) error {
	usage := &cli.UsageError{Message: err.Error(), Hint: fmt.Sprintf("'%s --help' lists the options", cmd.CommandPath())}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		if near := event.Nearest("--"+unknown.GetSpecifiedName(), names); len(near) > 0 {
			usage.Hint = cli.DidYouMean("--"+unknown.GetSpecifiedName(), "", names)
		}
	}
	return usage
}

// noArgs and oneArg are cobra's checks with our exit code and words.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &cli.UsageError{
			Message: fmt.Sprintf("'%s' takes no arguments, got %q", cmd.CommandPath(), args[0]),
			Hint:    fmt.Sprintf("'%s --help' shows how to call it", cmd.CommandPath()),
		}
	}
	return nil
}

func atMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return &cli.UsageError{Message: fmt.Sprintf("'%s' takes one %s, got %s", cmd.CommandPath(), what, strings.Join(args, " "))}
		}
		return nil
	}
}

func exactlyOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return &cli.UsageError{
			Message: fmt.Sprintf("'%s' needs one %s", cmd.CommandPath(), what),
			Hint:    fmt.Sprintf("'%s --help' has examples", cmd.CommandPath()),
		}
	}
}

// kiciDir adds the flag that most commands have.
func (a *app) kiciDir(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "kici-dir", ".kici", "folder that holds workflows/ and the lock file")
	_ = cmd.MarkFlagDirname("kici-dir")
}

// usageTemplate puts examples before options: most readers of --help want to
// copy a line.
const usageTemplate = `Usage:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} <command>{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}

Commands:{{range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Options:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

'{{.CommandPath}} <command> --help' explains a command.{{end}}
`
