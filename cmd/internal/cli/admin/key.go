package admin

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (a *app) keyCommand() *cobra.Command {
	return group("api-key", "Keys with which authors ask from their terminals",
		`An author gives a key to 'kici login --token' and can then follow and cancel runs, and
list workflows. Only a hash of a key is kept.`,
		`  kici-admin api-key create --label alice
  kici-admin api-key list
  kici-admin api-key revoke KEY-ID`, a.apiKeyCreateCommand(), a.apiKeyListCommand(), a.apiKeyRouteCommand(), a.apiKeyRevokeCommand())
}

func (a *app) apiKeyCreateCommand() *cobra.Command {
	var q adminclient.NewAPIKey
	var expires time.Duration
	cmd := &cobra.Command{
		Use: "create", Short: "Make a key and print it, once",
		Example: `  kici-admin api-key create --label alice
  kici-admin api-key create --label payments --routing-keys 'github:*' --expires 2160h`, Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			q.ExpiresInMS = expires.Milliseconds()
			k, err := c.AddAPIKey(cmd.Context(), q)
			if err != nil {
				return err
			}
			return a.show(k, func() {
				fmt.Fprintf(a.Stdout, "%s\n\nThis is the key; it is not shown again. Whoever gets it says\n", a.style.Bold(k.Key))
				fmt.Fprintf(a.Stdout, "'kici login --token KEY --endpoint %s'. Its id is %s;\n'kici-admin api-key revoke %s' ends it.\n", c.Base, k.ID, k.ID)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Label, "label", "", "whose it is, for whoever lists it")
	f.StringSliceVar(&q.RoutingKeys, "routing-keys", nil, "patterns of what it may see, such as github:* (default everything)")
	f.DurationVar(&expires, "expires", 0, "its life, such as 2160h (default for ever)")
	return cmd
}

func (a *app) apiKeyListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List keys", Example: "  kici-admin api-key list --json", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			all, err := c.APIKeys(cmd.Context())
			if err != nil {
				return err
			}
			return a.show(all, func() {
				var rows [][]string
				for i := range all {
					k := &all[i]
					state := "valid"
					switch {
					case k.RevokedAt != nil:
						state = "revoked"
					case k.ExpiresAt != nil && k.ExpiresAt.Before(time.Now()):
						state = "expired"
					case k.ExpiresAt != nil:
						state = "until " + stamp(k.ExpiresAt)
					}
					rows = append(rows, []string{k.ID, first(k.Label, "-"), k.Prefix + "…", state, first(stamp(k.UsedAt), "never used"), first(strings.Join(k.RoutingKeys, ","), "everything")})
				}
				a.table("ID\tLABEL\tKEY\tSTATE\tUSED\tSEES", rows)
			})
		},
	}
}

func (a *app) apiKeyRouteCommand() *cobra.Command {
	return &cobra.Command{
		Use: "add-routing-key <key-id> <pattern>", Short: "Let a key see more", Example: "  kici-admin api-key add-routing-key KEY-ID 'generic:default:*'",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return &cli.UsageError{Message: "'" + cmd.CommandPath() + "' needs a key id and a pattern", Hint: "'" + cmd.CommandPath() + " --help' has an example"}
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			k, err := c.AddRoutingKey(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			return a.show(k, func() { fmt.Fprintf(a.Stdout, "Key %s sees %s.\n", k.ID, strings.Join(k.RoutingKeys, ", ")) })
		},
	}
}

func (a *app) apiKeyRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "revoke <key-id>", Short: "End a key", Example: "  kici-admin api-key revoke KEY-ID", Args: cli.ExactlyOne("key id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if err := c.RevokeAPIKey(cmd.Context(), args[0]); err != nil {
				return err
			}
			return a.show(map[string]string{"revoked": args[0]}, func() { fmt.Fprintf(a.Stdout, "Key %s is revoked.\n", args[0]) })
		},
	}
}
