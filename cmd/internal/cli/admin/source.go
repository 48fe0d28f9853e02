package admin

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (a *app) sourceCommand() *cobra.Command {
	return group("source", "Where deliveries come from: forges, webhooks, repositories on disk",
		`A source is an address that a forge or another sender posts to, with how it proves
itself and, for a forge, where its repositories are.`,
		`  kici-admin source list
  kici-admin source add generic --name deploys --secret @secret.txt
  kici-admin source add local --name here --path /srv/git/app.git
  kici-admin source trigger-local here --event push --ref main`,
		a.sourceAddCommand(), a.sourceListCommand(), a.sourceGetCommand(), a.sourceUpdateCommand(), a.sourceUpdateGenericCommand(), a.sourceUpdateLocalCommand(),
		a.sourceRemoveCommand(), a.sourceSwitchCommand("enable", "Take deliveries in again, also of a source that was removed", true), a.sourceSwitchCommand("disable", "Refuse deliveries", false),
		a.sourcePurgeCommand(), a.sourceSecretCommand(), a.sourcePresetsCommand(), a.sourceTriggerCommand())
}

func (a *app) sourceAddCommand() *cobra.Command {
	return group("add", "Make a source", "Makes a source and prints its id and the address to post to.",
		`  kici-admin source add generic --help
  kici-admin source add local --help`, a.sourceAddGenericCommand(), a.sourceAddLocalCommand())
}

func (a *app) sourceAddGenericCommand() *cobra.Command {
	var f genericFlags
	cmd := &cobra.Command{
		Use: "generic", Short: "A webhook, or with --preset a forge",
		Long: `Makes a source for signed webhooks. With --preset it is a forge: pushes and pull
requests start what the lock file at their commit says, and agents clone from
--git-url-template.`,
		Example: `  kici-admin source add generic --name stripe --secret @signing.key --event-type-path '$.type'
  kici-admin source add generic --name forgejo-main --preset forgejo --secret env:HOOK_SECRET \
      --git-url-template 'https://git.example.org/{owner}/{name}.git' --credential-type pat --credential env:PAT`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			in, err := f.input(a, cmd)
			if err != nil {
				return err
			}
			return a.addSource(cmd, in)
		},
	}
	f.add(cmd)
	return cmd
}

func (a *app) sourceAddLocalCommand() *cobra.Command {
	var f localFlags
	cmd := &cobra.Command{
		Use: "local", Short: "A repository on the orchestrator's disk",
		Long: `Makes a source of a repository that lies on the orchestrator's disk. Events are
made by 'kici-admin source trigger-local', from a git hook for example.`,
		Example: `  kici-admin source add local --path /srv/git/app.git
  kici-admin source add local --name app --path /srv/git/app.git --clone-url-base https://git.example.org`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.addSource(cmd, f.input(cmd)) },
	}
	f.add(cmd)
	return cmd
}

func (a *app) addSource(cmd *cobra.Command, in adminclient.SourceInput) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	s, err := c.AddSource(cmd.Context(), in)
	if err != nil {
		return err
	}
	return a.show(s, func() {
		fmt.Fprintf(a.Stdout, "Source %s is made.\n", a.style.Bold(s.Name))
		a.showSource(&s)
	})
}

func (a *app) showSource(s *adminclient.Source) {
	rows := [][2]string{{"id", s.ID}, {"name", s.Name}, {"kind", s.Kind}, {"enabled", fmt.Sprint(s.Enabled)}, {"routing key", s.RoutingKey}, {"webhook", s.WebhookURL}}
	for _, r := range rows {
		fmt.Fprintf(a.Stdout, "  %-12s %s\n", r[0], r[1])
	}
}

func (a *app) sourceListCommand() *cobra.Command {
	var removed, generic, local bool
	var org string
	cmd := &cobra.Command{
		Use: "list", Short: "List sources", Example: `  kici-admin source list --json
  kici-admin source list --generic --include-deleted`, Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			all, err := c.Sources(cmd.Context(), removed)
			if err != nil {
				return err
			}
			all = slices.DeleteFunc(all, func(s adminclient.Source) bool {
				disk := s.Kind == localKind
				return (generic || local) && !(generic && !disk || local && disk)
			})
			return a.show(all, func() {
				var rows [][]string
				for i := range all {
					s := &all[i]
					rows = append(rows, []string{s.Name, s.Kind, sourceState(s), s.ID, s.WebhookURL})
				}
				a.table("NAME\tKIND\tSTATE\tID\tWEBHOOK", rows)
			})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&removed, "include-deleted", false, "and those that were removed and can be brought back")
	f.BoolVar(&generic, "generic", false, "only webhooks and forges")
	f.BoolVar(&local, "local", false, "only repositories on disk")
	f.StringVar(&org, "org", "", "organisation; there is one, so it changes nothing")
	return cmd
}

const localKind = "local"

func sourceState(s *adminclient.Source) string {
	if s.DeletedAt != nil {
		return "removed " + stamp(s.DeletedAt)
	}
	return onOff(s.Enabled)
}

func onOff(on bool) string {
	if on {
		return "enabled"
	}
	return "disabled"
}

// oneSource is a command about one source.
func (a *app) oneSource(use, short, example string, f func(cmd *cobra.Command, c *adminclient.Client, id string) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " <source>", Short: short, Long: short + ". A source is named by its id, its name or its routing key.", Example: example, Args: cli.ExactlyOne("source"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			return f(cmd, c, args[0])
		},
	}
}

func (a *app) sourceGetCommand() *cobra.Command {
	return a.oneSource("get", "Show a source", "  kici-admin source get forgejo-main --json", func(cmd *cobra.Command, c *adminclient.Client, id string) error {
		s, err := c.Source(cmd.Context(), id)
		if err != nil {
			return err
		}
		return a.show(s, func() { a.showSource(&s) })
	})
}

func (a *app) sourceUpdateGenericCommand() *cobra.Command {
	var f genericFlags
	cmd := a.oneSource("update-generic", "Change a webhook or forge", `  kici-admin source update-generic stripe --secret @new.key
  kici-admin source update-generic forgejo-main --clear-git-config`, func(cmd *cobra.Command, c *adminclient.Client, id string) error {
		in, err := f.input(a, cmd)
		if err != nil {
			return err
		}
		return a.updateSource(cmd, c, id, in)
	})
	f.add(cmd)
	cmd.Flags().BoolVar(&f.clearGit, "clear-git-config", false, "make it a plain webhook again")
	return cmd
}

func (a *app) sourceUpdateLocalCommand() *cobra.Command {
	var f localFlags
	cmd := a.oneSource("update-local", "Change a repository on disk", "  kici-admin source update-local here --path /srv/git/moved.git",
		func(cmd *cobra.Command, c *adminclient.Client, id string) error {
			return a.updateSource(cmd, c, id, f.input(cmd))
		})
	f.add(cmd)
	return cmd
}

func (a *app) updateSource(cmd *cobra.Command, c *adminclient.Client, id string, in adminclient.SourceInput) error {
	if !cmd.Flags().Changed("name") {
		in.Name = ""
	}
	in.Kind = ""
	s, err := c.UpdateSource(cmd.Context(), id, in)
	if err != nil {
		return err
	}
	return a.show(s, func() { a.showSource(&s) })
}

func (a *app) sourceUpdateCommand() *cobra.Command {
	var name, secret string
	cmd := a.oneSource("update", "Rename a source, or change what its senders sign with", `  kici-admin source update github:12345 --webhook-secret @new.key
  kici-admin source update forge --name forgejo-main`, func(cmd *cobra.Command, c *adminclient.Client, id string) error {
		in := adminclient.SourceInput{Name: name}
		if cmd.Flags().Changed("webhook-secret") {
			value, err := a.value(secret)
			if err != nil {
				return err
			}
			old, err := c.Source(cmd.Context(), id)
			if err != nil {
				return err
			}
			field := "secret"
			if old.Config["verificationMethod"] == "bearer_token" {
				field = "token"
			}
			detail, _ := old.Config["verificationConfig"].(map[string]any)
			detail = maps.Clone(detail)
			if detail == nil {
				detail = map[string]any{}
			}
			detail[field] = value
			in.Config = map[string]any{"verificationConfig": detail}
		}
		if in.Name == "" && in.Config == nil {
			return &cli.UsageError{Message: "there is nothing to change", Hint: "--name and --webhook-secret change any source, 'update-generic' and 'update-local' the rest"}
		}
		s, err := c.UpdateSource(cmd.Context(), id, in)
		if err != nil {
			return err
		}
		return a.show(s, func() { a.showSource(&s) })
	})
	cmd.Flags().StringVar(&name, "name", "", "new name; the address of its webhook changes with it")
	cmd.Flags().StringVar(&secret, "webhook-secret", "", "new secret or token of its senders; \"@file\", \"-\" and \"env:NAME\" read it")
	return cmd
}

func (a *app) sourceRemoveCommand() *cobra.Command {
	var yes, hard, generic, local bool
	cmd := a.oneSource("remove", "Remove a source; its runs and deliveries stay", `  kici-admin source remove old-forge --yes
  kici-admin source enable old-forge          brings it back
  kici-admin source remove old-forge --hard --yes`,
		func(cmd *cobra.Command, c *adminclient.Client, id string) error {
			what := "remove source " + id
			if hard {
				what += " for good"
			}
			if err := a.confirm(what, yes); err != nil {
				return err
			}
			if err := c.RemoveSource(cmd.Context(), id, hard); err != nil {
				return err
			}
			return a.show(map[string]any{"removed": id, "hard": hard}, func() {
				fmt.Fprintf(a.Stdout, "Source %s is removed.\n", id)
				if !hard {
					fmt.Fprintf(a.Stdout, "'kici-admin source enable %s' brings it back, 'kici-admin source purge-stale' ends it.\n", id)
				}
			})
		})
	f := cmd.Flags()
	f.BoolVar(&yes, "yes", false, "do not ask")
	f.BoolVar(&hard, "hard", false, "at once and for good")
	f.BoolVar(&generic, "generic", false, "it is a webhook or forge; sources have one namespace, so it changes nothing")
	f.BoolVar(&local, "local", false, "it is a repository on disk; it changes nothing")
	return cmd
}

func (a *app) sourcePurgeCommand() *cobra.Command {
	var q adminclient.Purge
	var confirm bool
	var org string
	cmd := &cobra.Command{
		Use: "purge-stale", Short: "End removed sources for good", Args: cli.NoArgs,
		Example: `  kici-admin source purge-stale --dry-run
  kici-admin source purge-stale --confirm`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if !q.DryRun {
				if err := a.confirm("end all removed sources for good", confirm); err != nil {
					return err
				}
			}
			all, err := c.PurgeSources(cmd.Context(), q)
			if err != nil {
				return err
			}
			return a.show(all, func() {
				var rows [][]string
				for i := range all {
					rows = append(rows, []string{all[i].Name, all[i].Kind, sourceState(&all[i]), all[i].ID})
				}
				a.table("NAME\tKIND\tSTATE\tID", rows)
			})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&q.DryRun, "dry-run", false, "only say which")
	f.BoolVar(&confirm, "confirm", false, "do not ask")
	f.StringVar(&q.RoutingKey, "routing-key", "", "only the one with this key")
	f.StringVar(&org, "org", "", "organisation; there is one, so it changes nothing")
	return cmd
}

func (a *app) sourceSwitchCommand(use, short string, on bool) *cobra.Command {
	return a.oneSource(use, short, "  kici-admin source "+use+" forgejo-main", func(cmd *cobra.Command, c *adminclient.Client, id string) error {
		change := c.DisableSource
		if on {
			change = c.EnableSource
		}
		s, err := change(cmd.Context(), id)
		if err != nil {
			return err
		}
		return a.show(s, func() { fmt.Fprintf(a.Stdout, "Source %s is %s.\n", s.Name, onOff(s.Enabled)) })
	})
}

func (a *app) sourceSecretCommand() *cobra.Command {
	return a.oneSource("get-webhook-secret", "Print what senders sign with", "  kici-admin source get-webhook-secret forgejo-main",
		func(cmd *cobra.Command, c *adminclient.Client, id string) error {
			secret, err := c.WebhookSecret(cmd.Context(), id)
			if err != nil {
				return err
			}
			return a.show(map[string]string{"secret": secret}, func() { fmt.Fprintln(a.Stdout, secret) })
		})
}

func (a *app) sourcePresetsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list-presets", Short: "List the forges that are known", Example: "  kici-admin source list-presets", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			all, err := c.Presets(cmd.Context())
			if err != nil {
				return err
			}
			return a.show(all, func() {
				for _, p := range all {
					fmt.Fprintln(a.Stdout, p)
				}
			})
		},
	}
}

func (a *app) sourceTriggerCommand() *cobra.Command {
	var t adminclient.LocalTrigger
	cmd := a.oneSource("trigger-local", "Make an event of a repository on disk", `  kici-admin source trigger-local here
  kici-admin source trigger-local here --event pr:opened --ref feature
  kici-admin source trigger-local here --event dispatch:deploy --sha $(git rev-parse HEAD)`,
		func(cmd *cobra.Command, c *adminclient.Client, id string) error {
			done, err := c.TriggerLocal(cmd.Context(), id, t)
			if err != nil {
				return err
			}
			return a.show(done, func() {
				fmt.Fprintf(a.Stdout, "Delivery %s is stored; 'kici-admin event-log show %s' says what it started.\n", done.DeliveryID, done.DeliveryID)
			})
		})
	f := cmd.Flags()
	f.StringVar(&t.Event, "event", "push", "the event, as for 'kici test'")
	f.StringVar(&t.Ref, "ref", "", "branch or tag (default HEAD)")
	f.StringVar(&t.SHA, "sha", "", "commit (default the tip of --ref)")
	f.StringVar(&t.Repo, "repo-full-name", "", "owner/name (default the source's)")
	return cmd
}
