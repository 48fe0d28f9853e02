package author

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// Reference writes every command and option as a page of the documentation,
// out of the same tree that --help is drawn from.
func Reference(w io.Writer) error {
	a := &app{State: &cli.State{}}
	root := a.root()
	root.InitDefaultHelpCmd()
	p := &page{w: w}
	p.printf("# Command line\n\n`kici <command> --help` shows the same in a terminal. %s\n", exitCodes)
	p.printf("\n| command | |\n| --- | --- |\n")
	p.eachCommand(root, func(c *cobra.Command) {
		if !onlyGroup(c) {
			p.printf("| [`%s`](#%s) | %s |\n", c.CommandPath(), strings.ReplaceAll(c.CommandPath(), " ", "-"), c.Short)
		}
	})
	p.eachCommand(root, p.command)
	p.printf("%s", environmentTable)
	return p.err
}

const exitCodes = "Every command exits\nwith 0 after success, 1 after a failure, 2 when the command line is wrong, and 130 when it\nwas interrupted."

const environmentTable = `
## Environment variables

| variable | does |
| --- | --- |
| ` + "`KICI_DEBUG=true`" + ` | the same as ` + "`--debug`" + ` where there is one |
| ` + "`KICI_RUN_DIR`" + ` | where ` + "`run local`" + ` makes its copies; default: the system's folder for temporary files |
| ` + "`KICI_LOCAL_LOCK_KILL_GRACE_MS`" + ` | how long a cancelled run of the same concurrency group may clean up; default 30000 |
| ` + "`KICI_BROWSER_CMD`" + ` | the command that opens a page, with ` + "`{url}`" + ` in it, or ` + "`none`" + ` |
| ` + "`KICI_DEV=true`" + ` | ` + "`init`" + ` writes version ranges that accept prereleases |
| ` + "`CI=true`" + ` | nothing asks questions |
| ` + "`NO_COLOR`, `FORCE_COLOR`" + ` | no colours and no live tree; colours without a terminal |
`

type page struct {
	w   io.Writer
	err error
}

func (p *page) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *page) eachCommand(c *cobra.Command, do func(*cobra.Command)) {
	if c.HasParent() {
		do(c)
	}
	for _, child := range c.Commands() {
		if child.IsAvailableCommand() && child.Name() != "help" {
			p.eachCommand(child, do)
		}
	}
}

// onlyGroup: a group explains itself by what is in it.
func onlyGroup(c *cobra.Command) bool { return c.HasAvailableSubCommands() && !c.HasLocalFlags() }

func (p *page) command(c *cobra.Command) {
	if onlyGroup(c) {
		return
	}
	p.printf("\n## %s\n\n%s\n\n    %s\n", c.CommandPath(), firstOf(c.Long, c.Short), c.UseLine())
	if c.HasExample() {
		p.printf("\nExamples:\n\n```text\n")
		for line := range strings.Lines(c.Example) {
			p.printf("%s\n", strings.TrimPrefix(strings.TrimRight(line, "\n"), "  "))
		}
		p.printf("```\n")
	}
	rows := false
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		if !rows {
			p.printf("\n| option | |\n| --- | --- |\n")
			rows = true
		}
		p.printf("| `%s` | %s |\n", spelled(f), strings.ReplaceAll(described(f), "|", `\|`))
	})
}

func spelled(f *pflag.Flag) string {
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	kind, _ := pflag.UnquoteUsage(f)
	switch kind {
	case "":
		return name
	case "stringArray":
		kind = "string"
	}
	return name + " <" + kind + ">"
}

func described(f *pflag.Flag) string {
	_, usage := pflag.UnquoteUsage(f)
	switch f.DefValue {
	case "", "false", "[]", "0":
		return usage
	}
	return fmt.Sprintf("%s (default: %s)", usage, f.DefValue)
}
