package service

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// app is one service, about to run.
type app struct {
	*cli.State
	table *table
	s     *settings
	log   *slog.Logger
	level slog.LevelVar // of log
}

// program is what differs between the services.
type program struct {
	table         func() *table
	short, intro  string
	example, rest string
	check         func(a *app) // finds what is wrong with values that are well-formed
	run           func(ctx context.Context, a *app) error
}

// main runs one command line and returns the exit code.
func (p program) main(state *cli.State) int {
	t := p.table()
	var file string
	cmd := &cobra.Command{
		Use: t.Service, Short: p.short, Long: p.intro + "\n\n" + t.help() + p.rest, Example: p.example,
		Version: cli.ThisBuild().Version, SilenceErrors: true, SilenceUsage: true, Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.start(cmd.Context(), state, t, file) },
	}
	cmd.SetVersionTemplate("{{.Version}}\n")
	cmd.SetUsageTemplate(cli.UsageTemplate)
	cmd.SetFlagErrorFunc(cli.FlagError)
	cmd.CompletionOptions.DisableDefaultCmd = true
	if t.File != "" {
		cmd.Flags().StringVar(&file, "config", "", "YAML file of settings (default "+t.File+", if it is there)")
	}
	cmd.SetArgs(append([]string{}, state.Args...)) // nil would mean those of the process
	cmd.SetIn(state.Stdin)
	cmd.SetOut(state.Stdout)
	cmd.SetErr(state.Stderr)
	return cli.Explain(state.Stderr, cli.StyleFor(state), cli.Execute(context.Background(), cmd))
}

// start reads the settings, and runs until a signal asks for the end. A second
// signal ends the process at once.
func (p program) start(ctx context.Context, state *cli.State, t *table, file string) error {
	a := &app{State: state, table: t, s: t.load(state, file)}
	p.check(a)
	if err := t.configError(a.s); err != nil {
		return err
	}
	a.level.Set(levelOf(a.s))
	a.log = newLogger(state.Stderr, a.s, &a.level, t.Service, state.StdoutTTY)
	for _, w := range a.s.warnings {
		a.log.Warn(w)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	signals, quiet := state.Signals()
	defer quiet()
	over := make(chan error, 1)
	go func() { over <- p.run(ctx, a) }()
	if t.File != "" {
		reloaded := p.reloading(ctx, a, file)
		defer func() {
			stop(nil)
			<-reloaded
		}()
	}
	select {
	case err := <-over:
		return err
	case sig := <-signals:
		a.log.Info("stopping", "signal", sig.String())
		stop(cli.ErrInterrupted)
	}
	select {
	case err := <-over:
		return err
	case sig := <-signals:
		a.log.Warn("ended at once, by a second signal", "signal", sig.String())
		return cli.ErrInterrupted
	}
}

// dataDir is where an orchestrator or an agent keeps its data.
func (a *app) dataDir() (string, error) { return a.folder(systemData, "kici") }

// folder is the one that was said, or the first of the usual ones that can be
// written: the system's, or one of that name among the user's.
func (a *app) folder(system, name string) (string, error) {
	if dir := a.s.text("KICI_DATA_DIR"); dir != "" {
		return a.Path(dir), nil
	}
	state := a.Env["XDG_STATE_HOME"]
	if state == "" && a.Env["HOME"] != "" {
		state = filepath.Join(a.Env["HOME"], ".local", "state")
	}
	tried := []string{system}
	if state != "" {
		tried = append(tried, filepath.Join(state, name))
	}
	for _, dir := range tried {
		if a.Disk.Writable(dir) {
			return dir, nil
		}
	}
	return "", &cli.HintedError{
		Err:  fmt.Errorf("no folder for data can be written: %s", strings.Join(tried, ", ")),
		Hint: "set KICI_DATA_DIR to one that can",
	}
}

const systemData = "/var/lib/kici"

// help lists the settings.
func (t *table) help() string {
	var b strings.Builder
	b.WriteString("Settings")
	if t.File != "" {
		b.WriteString(", as variables or as keys of the file; a variable wins")
	}
	b.WriteString(":\n")
	var idle []string
	for i := range t.Settings {
		d := &t.Settings[i]
		if d.Idle {
			idle = append(idle, d.Name)
			continue
		}
		name := d.Name
		if d.Key != "" {
			name += " (" + d.Key + ")"
		}
		fmt.Fprintf(&b, "  %s\n      %s", name, d.Help)
		if d.Default != "" && d.Kind != choice {
			fmt.Fprintf(&b, " (default %s)", d.Default)
		} else if d.Default != "" {
			fmt.Fprintf(&b, " (%s)", d.Default)
		}
		b.WriteString("\n")
	}
	if len(idle) == 0 {
		return b.String()
	}
	b.WriteString("\nAccepted, and without effect in this release:\n")
	line := " "
	for _, name := range idle {
		if len(line)+1+len(name) > 92 {
			b.WriteString(line + "\n")
			line = " "
		}
		line += " " + name
	}
	b.WriteString(line + "\n")
	return b.String()
}
