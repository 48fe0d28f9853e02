package admin

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (a *app) orchestratorKeyCommand() *cobra.Command {
	return group("orchestrator-key", "Keys that let orchestrators connect to a relay", `An orchestrator shows its key when it connects to a relay (KICI_PLATFORM_TOKEN). Keys
are made at the relay and shown once. --url is the relay's here.`,
		`  kici-admin orchestrator-key create --org default --name ci-1
  kici-admin orchestrator-key list
  kici-admin orchestrator-key revoke KEY-ID`,
		a.keyCreateCommand(), a.keyListCommand(), a.keyRevokeCommand())
}

func (a *app) keyCreateCommand() *cobra.Command {
	var q adminclient.NewOrchestratorKey
	cmd := &cobra.Command{
		Use: "create", Short: "Make a key for orchestrators",
		Long: `Makes a key and prints it, once: only its hash is kept. Orchestrators with this key may
register routing keys that one of the patterns covers and no others; without any
they may register all of the organisation's.`,
		Example: `  kici-admin orchestrator-key create
  kici-admin orchestrator-key create --org shop --name ci-1 --routing-patterns 'github:*'
  KICI_PLATFORM_TOKEN=$(kici-admin orchestrator-key create --json | jq -r .key) kici-orchestrator`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			k, err := c.CreateOrchestratorKey(cmd.Context(), q)
			if err != nil {
				return err
			}
			return a.show(k, func() {
				fmt.Fprintf(a.Stdout, "%s\n\nThis is the key; it is not shown again. Give it to the orchestrator as KICI_PLATFORM_TOKEN.\n", a.style.Bold(k.Key))
				fmt.Fprintf(a.Stdout, "Its id is %s; 'kici-admin orchestrator-key revoke %s' ends it.\n", k.ID, k.ID)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Org, "org", "", "id or name of the organisation (default the only one there is)")
	f.StringVar(&q.Name, "name", "", "what it is for, for whoever lists it")
	f.StringSliceVar(&q.Patterns, "routing-patterns", nil, "routing keys it allows, such as github:*, separated by commas")
	return cmd
}

func (a *app) keyListCommand() *cobra.Command {
	var org string
	cmd := &cobra.Command{
		Use: "list", Short: "List keys", Example: "  kici-admin orchestrator-key list --org shop", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			all, err := c.OrchestratorKeys(cmd.Context(), org)
			if err != nil {
				return err
			}
			return a.show(all, func() {
				var rows [][]string
				for _, k := range all {
					state := "valid"
					if k.RevokedAt != nil {
						state = "revoked"
					}
					rows = append(rows, []string{k.ID, k.Org, first(k.Name, "-"), k.Prefix + "…", state, first(stamp(k.UsedAt), "never used"), first(strings.Join(k.Patterns, ","), "all")})
				}
				a.table("KEY\tORG\tNAME\tBEGINS\tSTATE\tUSED\tROUTING KEYS", rows)
			})
		},
	}
	cmd.Flags().StringVar(&org, "org", "", "id or name of an organisation")
	return cmd
}

func (a *app) keyRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "revoke <key-id>", Short: "End a key and the connections it opened", Example: "  kici-admin orchestrator-key revoke 5b0e…", Args: cli.ExactlyOne("key id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if err := c.RevokeOrchestratorKey(cmd.Context(), args[0]); err != nil {
				return err
			}
			return a.show(map[string]string{"revoked": args[0]}, func() { fmt.Fprintf(a.Stdout, "Key %s is revoked.\n", args[0]) })
		},
	}
}
