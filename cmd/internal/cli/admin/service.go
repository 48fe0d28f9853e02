package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/cmd/internal/cli/instance"
)

// serviceCommands keep one program installed as a service of this machine.
func (a *app) serviceCommands(name string) []*cobra.Command {
	p := instance.Programs()[name]
	return []*cobra.Command{
		a.installCommand(p), a.uninstallCommand(p), a.controlCommand(p, instance.Start, "Start the installed service", "is started"),
		a.controlCommand(p, instance.Stop, "Stop the installed service", "is stopped"), a.controlCommand(p, instance.Restart, "Restart the installed service", "is started again"),
		a.serviceStatusCommand(p), a.serviceLogsCommand(p), a.upgradeCommand(p),
	}
}

// serviceGroup is the subject of a program that has no other commands.
func (a *app) serviceGroup(name, short string) *cobra.Command {
	return group(name, short, `Installs it as a unit of systemd or a job of launchd: of the machine when root says so,
else of the user. These commands need no admin token.`,
		fmt.Sprintf("  kici-admin %[1]s install\n  kici-admin %[1]s status\n  kici-admin %[1]s upgrade --from ./kici-%[1]s", name), a.serviceCommands(name)...)
}

func (a *app) host() *instance.Host { return &instance.Host{State: a.State} }

// target adds the options that name an instance.
func target(cmd *cobra.Command, p instance.Program, t *instance.Target) {
	f := cmd.Flags()
	f.StringVar(&t.Name, "name", "", "name of the service (default the only one that is installed, or "+p.Binary+")")
	f.StringVar(&t.Dir, "instance-dir", "", "folder of its settings")
	f.BoolVar(&t.System, "system", false, "a service of the machine; root means that without saying")
	f.String("platform", "", "systemd or launchd (default what this machine has)")
}

func (a *app) installCommand(p instance.Program) *cobra.Command {
	var q instance.Install
	var url, token, labels string
	cmd := &cobra.Command{
		Use: "install", Short: "Install it as a service, and start it", Args: cli.NoArgs,
		Long: fmt.Sprintf(`Copies %[2]s below /opt/kici (or ~/.local/share/kici), writes its settings and its unit,
and starts it, now and at every boot. Settings that are there already stay.`, p.Name, p.Binary),
		Example: fmt.Sprintf("  kici-admin %s install --env-file ./settings.env", p.Name),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q.Platform, _ = cmd.Flags().GetString("platform")
			q.Settings = map[string]string{}
			for name, text := range map[string]string{"KICI_ORCHESTRATOR_URL": url, "KICI_AGENT_TOKEN": token, "KICI_LABELS": labels} {
				if text == "" {
					continue
				}
				value, err := a.value(text)
				if err != nil {
					return err
				}
				q.Settings[name] = value
			}
			done, err := a.host().Install(p, q)
			if err != nil {
				return err
			}
			return a.show(done, func() {
				fmt.Fprintf(a.Stdout, "%s %s is installed and started.\n", a.style.Bold(done.Name), done.Version)
				for _, row := range [][2]string{{"settings", done.EnvFile}, {"data", done.DataDir}, {"unit", done.Unit}, {"token", done.Token}} {
					if row[1] != "" {
						fmt.Fprintf(a.Stdout, "  %-9s %s\n", row[0], row[1])
					}
				}
				if done.Token != "" {
					fmt.Fprintf(a.Stdout, "The token opens its admin API (KICI_ADMIN_TOKEN). It stands in the settings too.\n")
				}
			})
		},
	}
	target(cmd, p, &q.Target)
	f := cmd.Flags()
	f.StringVar(&q.Binary, "binary", "", "the program (default "+p.Binary+" of PATH)")
	f.StringVar(&q.EnvFile, "env-file", "", "settings to begin with, KEY=VALUE lines")
	f.StringVar(&q.RunAs, "run-as", "", "user of a service of the machine")
	f.BoolVar(&q.Force, "force", false, "over an installation that is there; settings and data stay")
	if p.Jobs {
		cmd.Example = `  kici-admin agent install --orchestrator-url wss://ci.example.org --token @token.txt
  sudo kici-admin agent install --run-as ci --labels linux,gpu --orchestrator-url wss://ci.example.org --token -`
		f.StringVar(&url, "orchestrator-url", "", "where its orchestrator is")
		f.StringVar(&token, "token", "", "its token, kat_…; \"@file\", \"-\" and \"env:NAME\" read it")
		f.StringVar(&labels, "labels", "", "its labels, separated by commas")
	}
	return cmd
}

// oneService is a command about an installed service.
func (a *app) oneService(p instance.Program, use, short, example string, f func(cmd *cobra.Command, h *instance.Host, i *instance.Instance) error) *cobra.Command {
	var t instance.Target
	cmd := &cobra.Command{
		Use: use, Short: short, Example: "  kici-admin " + p.Name + " " + example, Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h := a.host()
			i, err := h.Find(p, t)
			if err != nil {
				return err
			}
			return f(cmd, h, i)
		},
	}
	target(cmd, p, &t)
	return cmd
}

func (a *app) controlCommand(p instance.Program, verb, short, done string) *cobra.Command {
	return a.oneService(p, verb, short, verb, func(_ *cobra.Command, h *instance.Host, i *instance.Instance) error {
		if err := h.Control(i, verb); err != nil {
			return err
		}
		return a.show(map[string]string{"name": i.Name, "action": verb}, func() { fmt.Fprintf(a.Stdout, "%s %s.\n", i.Name, done) })
	})
}

func (a *app) uninstallCommand(p instance.Program) *cobra.Command {
	return a.oneService(p, "uninstall", "Stop it and take its unit away; settings, data and logs stay", "uninstall", func(_ *cobra.Command, h *instance.Host, i *instance.Instance) error {
		if err := h.Uninstall(i); err != nil {
			return err
		}
		return a.show(map[string]string{"uninstalled": i.Name}, func() {
			fmt.Fprintf(a.Stdout, "%s is no service any more. Its settings are in %s, its data in %s.\n", i.Name, i.Dir, i.DataDir)
		})
	})
}

func (a *app) serviceStatusCommand(p instance.Program) *cobra.Command {
	cmd := a.oneService(p, "status", "Say whether it runs", "status --json", func(_ *cobra.Command, h *instance.Host, i *instance.Instance) error {
		s, err := h.Status(i)
		if err != nil {
			return err
		}
		err = a.show(s, func() {
			paint := a.style.Green
			if !s.Running {
				paint = a.style.Red
			}
			fmt.Fprintf(a.Stdout, "%s %s, version %s\n", a.style.Bold(s.Name), paint(s.State), s.Version)
			for _, row := range [][2]string{{"since", s.Since}, {"settings", s.EnvFile}, {"data", s.DataDir}, {"unit", s.Unit}} {
				if row[1] != "" {
					fmt.Fprintf(a.Stdout, "  %-9s %s\n", row[0], row[1])
				}
			}
			if s.Restarts > 0 {
				fmt.Fprintf(a.Stdout, "  %-9s %d\n", "restarts", s.Restarts)
			}
		})
		if err == nil && !s.Running {
			return cli.ErrReported
		}
		return err
	})
	cmd.Long = "Says whether it runs. Exit code 1 means that it does not."
	return cmd
}

func (a *app) serviceLogsCommand(p instance.Program) *cobra.Command {
	var q instance.Logs
	var once bool
	cmd := a.oneService(p, "logs", "Show its log, and what comes", "logs --since 1h --level warn --no-follow", func(cmd *cobra.Command, h *instance.Host, i *instance.Instance) error {
		q.Follow, q.Raw = !once, a.json
		return h.Logs(i, q)
	})
	f := cmd.Flags()
	f.StringVar(&q.Since, "since", "", "not older than a time or a duration, such as 1h")
	f.StringVar(&q.Level, "level", "", "only lines of this level and above: debug, info, warn or error")
	f.BoolVar(&once, "no-follow", false, "end with the last line that is there")
	return cmd
}

func (a *app) upgradeCommand(p instance.Program) *cobra.Command {
	var q instance.Upgrade
	var url, version string
	var yes bool
	cmd := a.oneService(p, "upgrade", "Put another version in its place, or go back", "upgrade --from ./"+p.Binary+" --yes", func(cmd *cobra.Command, h *instance.Host, i *instance.Instance) error {
		if q.From != "" && url != "" || q.Rollback && q.From+url != "" {
			return &cli.UsageError{Message: "--from, --url and --rollback are three ways to say one thing"}
		}
		if q.From+url == "" && !q.Rollback && !q.Cleanup {
			return &cli.UsageError{Message: "there is nothing to upgrade to", Hint: "--from names a program, --url an address, --rollback the version before"}
		}
		if q.From+url != "" || q.Rollback {
			if err := a.confirm("stop "+i.Name+" and start it at another version", yes); err != nil {
				return err
			}
		}
		if url != "" {
			at, err := a.download(cmd.Context(), strings.ReplaceAll(url, "{version}", version), i)
			if err != nil {
				return err
			}
			defer a.Disk.Remove(at) //nolint:errcheck // it lies in a folder of ours, and the next download overwrites it
			q.From = at
		}
		old := i.Version
		if err := h.Upgrade(i, q); err != nil {
			return err
		}
		return a.show(i, func() { fmt.Fprintf(a.Stdout, "%s was at %s and is at %s.\n", i.Name, old, i.Version) })
	})
	cmd.Long = `Puts the new version beside the old one, stops the service, turns a link over and starts
it. A version that does not start is taken back at once; --rollback does so later.`
	f := cmd.Flags()
	f.StringVar(&q.From, "from", "", "the new program")
	f.StringVar(&url, "url", "", "address of the new program; {version} in it stands for --version")
	f.StringVar(&version, "version", "", "what {version} in --url stands for")
	f.BoolVar(&q.Rollback, "rollback", false, "to the version before")
	f.BoolVar(&q.Cleanup, "cleanup", false, "remove all versions but this one and the one before")
	f.BoolVar(&q.Force, "force", false, "also to the version that is there")
	f.BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// maxProgram bounds a download.
const maxProgram = 200 << 20

// download fetches a program beside the installed ones.
func (a *app) download(ctx context.Context, url string, i *instance.Instance) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", &cli.UsageError{Message: err.Error()}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers with status %d", url, res.StatusCode)
	}
	content, err := io.ReadAll(io.LimitReader(res.Body, maxProgram+1))
	if err == nil && len(content) > maxProgram {
		err = fmt.Errorf("%s is larger than %d bytes", url, maxProgram)
	}
	if err != nil {
		return "", err
	}
	at := i.Base + "/download"
	return at, a.Disk.Write(at, string(content), 0o755)
}

// missingTool turns the absence of an init system into advice.
func missingTool(err error) error {
	var absent *exec.Error
	if errors.As(err, &absent) && errors.Is(absent.Err, exec.ErrNotFound) {
		return &cli.HintedError{Err: err, Hint: "this machine has no such init system; --platform names another one"}
	}
	return err
}
