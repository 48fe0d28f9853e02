package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kici-dev/kici-go/lockfile/event"
)

// Explain shows an error once, with its advice, and returns the exit code; what a
// command has shown itself is not repeated.
func Explain(w io.Writer, style Style, err error) int {
	if err == nil || errors.Is(err, ErrReported) || errors.Is(err, ErrUnwell) || errors.Is(err, ErrInterrupted) {
		return ExitCode(err)
	}
	fmt.Fprintf(w, "%s %s\n", style.Red("error:"), err)
	if hint := Hint(err); hint != "" {
		fmt.Fprintf(w, "  %s %s\n", style.Cyan("hint:"), hint)
	}
	return ExitCode(err)
}

// UnknownCommand answers an argument that names no command of the group.
func UnknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return &UsageError{
		Message: fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath()),
		Hint:    DidYouMean(args[0], "commands", names),
	}
}

// Execute runs a command line. Help of a command that does not exist is an
// error as the command itself would be, and not the help of another.
func Execute(ctx context.Context, root *cobra.Command) error {
	var unknown error
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if rest := cmd.Flags().Args(); cmd.HasAvailableSubCommands() && len(rest) > 0 {
			unknown = UnknownCommand(cmd, rest)
			return
		}
		help(cmd, args)
	})
	root.SetHelpCommand(&cobra.Command{
		Use: "help [command]", Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			asked, rest, err := root.Find(args)
			if err != nil || asked == nil || len(rest) > 0 && asked.HasAvailableSubCommands() {
				return UnknownCommand(asked, rest)
			}
			asked.InitDefaultHelpFlag()
			help(asked, nil)
			return nil
		},
	})
	if err := root.ExecuteContext(ctx); err != nil {
		return err
	}
	return unknown
}

// FlagError turns pflag's complaint into a usage error with a suggestion.
func FlagError(cmd *cobra.Command, err error) error {
	usage := &UsageError{Message: err.Error(), Hint: fmt.Sprintf("'%s --help' lists the options", cmd.CommandPath())}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		if what := expected(invalid.GetFlag().Value.Type()); what != "" {
			usage.Message = fmt.Sprintf("invalid argument %q for --%s: expected %s", invalid.GetValue(), invalid.GetFlag().Name, what)
		}
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		if near := event.Nearest("--"+unknown.GetSpecifiedName(), names); len(near) > 0 {
			usage.Hint = DidYouMean("--"+unknown.GetSpecifiedName(), "", names)
		}
	}
	return usage
}

// expected says in words what a flag of a type takes; flags of our own types
// say it themselves.
func expected(kind string) string {
	switch kind {
	case "int", "int64", "uint":
		return "a whole number"
	case "bool":
		return "true or false"
	case "duration":
		return "a duration such as 90s or 2h"
	}
	return ""
}

// NoArgs, AtMostOne and ExactlyOne are cobra's checks with our exit code and words.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &UsageError{
			Message: fmt.Sprintf("'%s' takes no arguments, got %q", cmd.CommandPath(), args[0]),
			Hint:    fmt.Sprintf("'%s --help' shows how to call it", cmd.CommandPath()),
		}
	}
	return nil
}

func AtMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return &UsageError{Message: fmt.Sprintf("'%s' takes one %s, got %s", cmd.CommandPath(), what, strings.Join(args, " "))}
		}
		return nil
	}
}

func ExactlyOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return &UsageError{
			Message: fmt.Sprintf("'%s' needs one %s", cmd.CommandPath(), what),
			Hint:    fmt.Sprintf("'%s --help' has examples", cmd.CommandPath()),
		}
	}
}

// UsageTemplate puts examples before options: most readers of --help want to
// copy a line.
const UsageTemplate = `Usage:{{if .Runnable}}
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
