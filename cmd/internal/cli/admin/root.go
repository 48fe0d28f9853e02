package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

// app is what every command of one invocation shares.
type app struct {
	*cli.State
	style      cli.Style
	url, token string
	json       bool
}

const defaultURL = "http://localhost:4000"

// Main runs one command line and returns the exit code.
func Main(s *cli.State) int {
	a := &app{State: s, style: cli.StyleFor(s)}
	root := a.root()
	root.SetArgs(s.Args)
	root.SetIn(s.Stdin)
	root.SetOut(s.Stdout)
	root.SetErr(s.Stderr)
	err := s.Interruptible(context.Background(), func(ctx context.Context) error { return cli.Execute(ctx, root) })
	return cli.Explain(s.Stderr, a.style, advise(err))
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "kici-admin",
		Short: "Manage an orchestrator: sources, agents, runs, the event log",
		Long: `kici-admin manages an orchestrator over its admin API, from any machine that
reaches it.

Where, and with what:
  KICI_ADMIN_URL (--url) is the orchestrator's address, KICI_ADMIN_TOKEN (--token)
  what it was given as KICI_BOOTSTRAP_ADMIN_TOKEN. Only 'migrate' needs neither: it
  opens the database.

The way of a push:
  a source takes it in          kici-admin source add, source list
  it becomes a delivery         kici-admin event-log list, event-log show
  which starts runs             kici-admin runs list, runs explain
  whose jobs an agent takes     kici-admin agent register, agent list
  and which say how it went     kici-admin runs show, runs logs
When it gets stuck on the way, 'kici-admin diagnose' says where to look.

Values and output:
  Secrets are read from a file ("@file"), standard input ("-") or a variable
  ("env:NAME"), so that they stay out of command lines and histories. --json prints
  what programs read. Times are RFC 3339, or durations before now, such as 24h. What
  cannot be taken back asks first, or wants --yes.

Exit codes:
  0 done · 1 it failed, or 'diagnose' warns · 2 the command line is wrong, or
  'diagnose' found what does not work · 130 interrupted`,
		Example: `  export KICI_ADMIN_URL=http://ci.example.org:4000 KICI_ADMIN_TOKEN=…
  kici-admin diagnose
  kici-admin source add generic --name forgejo-main --preset forgejo --secret - \
      --git-url-template 'https://git.example.org/{owner}/{name}.git'
  kici-admin agent register --labels linux,default
  kici-admin api-key create --label alice
  kici-admin runs list --status failed --since 24h
  kici-admin runs logs latest --follow`,
		SilenceErrors: true, SilenceUsage: true, Args: cli.UnknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if on, _ := cmd.Flags().GetBool("cli-version"); on {
				fmt.Fprintln(a.Stdout, cli.ThisBuild().Version)
				return nil
			}
			return cmd.Help()
		},
	}
	f := root.PersistentFlags()
	f.StringVarP(&a.url, "url", "u", "", "address of the orchestrator (KICI_ADMIN_URL, default "+defaultURL+")")
	f.StringVarP(&a.token, "token", "t", "", "admin token (KICI_ADMIN_TOKEN); \"@file\" and \"-\" read it")
	f.BoolVar(&a.json, "json", false, "print JSON")
	root.Flags().BoolP("cli-version", "V", false, "print the version of kici-admin")
	root.SetUsageTemplate(usage())
	root.SetFlagErrorFunc(cli.FlagError)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(a.sourceCommand(), a.agentCommand(), a.runsCommand(), a.eventLogCommand(), a.deadLetterCommand(), a.keyCommand(),
		a.clusterNameCommand(), a.migrateCommand(), a.databaseCommand(), a.diagnoseCommand(), a.versionCommand())
	root.AddCommand(a.serviceGroup("orchestrator", "The orchestrator as a service of this machine"), a.serviceGroup("relay", "The relay as a service of this machine"))
	root.AddCommand(a.orgCommand(), a.orchestratorKeyCommand()) // of a relay
	return root
}

// usage shows the options that every command has.
func usage() string {
	return strings.Replace(cli.UsageTemplate, "{{if .HasAvailableSubCommands}}\n\n'{{.CommandPath}}", `{{if .HasAvailableInheritedFlags}}

Everywhere:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

'{{.CommandPath}}`, 1)
}

// group is a command that only holds others.
func group(use, short, long, example string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Example: example, Args: cli.UnknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(children...)
	return cmd
}

// client is the orchestrator that was named.
func (a *app) client() (*adminclient.Client, error) {
	url, token := first(a.url, a.Env["KICI_ADMIN_URL"], defaultURL), a.Env["KICI_ADMIN_TOKEN"]
	if a.token != "" {
		value, err := a.value(a.token)
		if err != nil {
			return nil, err
		}
		token = value
	}
	if token == "" {
		return nil, &cli.UsageError{Message: "there is no admin token", Hint: "set KICI_ADMIN_TOKEN to the orchestrator's KICI_BOOTSTRAP_ADMIN_TOKEN, or give --token"}
	}
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return nil, &cli.UsageError{Message: fmt.Sprintf("%q is not the address of an orchestrator", url), Hint: "it begins with http:// or https://"}
	}
	return adminclient.New(url, token), nil
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// maxValue bounds a value that is read from somewhere.
const maxValue = 1 << 20

// value is what an option says: itself, or what "@file", "-" and "env:NAME" hold.
func (a *app) value(text string) (string, error) {
	switch {
	case text == "-":
		b, err := io.ReadAll(io.LimitReader(a.Stdin, maxValue))
		return strings.TrimRight(string(b), "\r\n"), err
	case strings.HasPrefix(text, "@"):
		content, there, err := a.Disk.Read(text[1:])
		if err == nil && !there {
			err = &cli.UsageError{Message: "there is no file " + text[1:]}
		}
		return strings.TrimRight(content, "\r\n"), err
	case strings.HasPrefix(text, "env:"):
		value, there := a.Env[text[4:]]
		if !there {
			return "", &cli.UsageError{Message: "the variable " + text[4:] + " is not set"}
		}
		return value, nil
	}
	return text, nil
}

// confirm asks on a terminal before something that cannot be taken back; anywhere
// else the command line has to say it.
func (a *app) confirm(what string, said bool) error {
	if said {
		return nil
	}
	if !a.Interactive() {
		return &cli.UsageError{Message: "to " + what + " wants a confirmation", Hint: "say --yes (or --confirm) where nobody can be asked"}
	}
	fmt.Fprintf(a.Stderr, "Really %s? [y/N] ", what)
	line, err := bufio.NewReader(a.Stdin).ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was changed")
}

// show prints an answer as JSON if that was asked for, else by a function.
func (a *app) show(answer any, people func()) error {
	if !a.json {
		people()
		return nil
	}
	enc := json.NewEncoder(a.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(answer)
}

// table prints rows under a head.
func (a *app) table(head string, rows [][]string) {
	if len(rows) == 0 {
		fmt.Fprintln(a.Stdout, "none")
		return
	}
	w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, head)
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	_ = w.Flush() // as Stdout
}

// advise adds what to do about answers that say little by themselves.
func advise(err error) error {
	var answer *adminclient.Error
	if errors.As(err, &answer) {
		if answer.Hint != "" {
			return &cli.HintedError{Err: err, Hint: answer.Hint}
		}
		return err
	}
	err = missingTool(err)
	if err != nil && strings.Contains(err.Error(), "connection refused") {
		return &cli.HintedError{Err: err, Hint: "is the orchestrator running, and is --url (KICI_ADMIN_URL) its address?"}
	}
	return err
}
