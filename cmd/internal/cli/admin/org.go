package admin

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

func (a *app) orgCommand() *cobra.Command {
	return group("org", "Organisations of a relay, and what came for them", `A relay serves organisations that see nothing of each other. The id of one stands in
the addresses of its webhooks. --url is the relay's here.`,
		`  kici-admin org list
  kici-admin org create shop
  kici-admin org sources shop`,
		a.orgCreateCommand(), a.orgListCommand(), a.orgSourcesCommand(), a.orgDeliveriesCommand())
}

func (a *app) orgCreateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "create <name>", Short: "Make an organisation", Example: "  kici-admin org create shop", Args: cli.ExactlyOne("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			o, err := c.CreateOrg(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.show(o, func() {
				fmt.Fprintf(a.Stdout, "%s\n\nAddresses of its webhooks begin with %s\n", a.style.Bold(o.ID), o.WebhookURL)
				fmt.Fprintf(a.Stdout, "'kici-admin orchestrator-key create --org %s' makes a key for its orchestrators.\n", o.Name)
			})
		},
	}
}

func (a *app) orgListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List organisations", Example: "  kici-admin org list --json", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			all, err := c.Orgs(cmd.Context())
			if err != nil {
				return err
			}
			return a.show(all, func() {
				var rows [][]string
				for _, o := range all {
					rows = append(rows, []string{o.ID, o.Name, stamp(&o.CreatedAt), o.WebhookURL})
				}
				a.table("ORG\tNAME\tMADE\tWEBHOOKS", rows)
			})
		},
	}
}

func (a *app) orgSourcesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "sources <org>", Short: "List the sources that orchestrators registered", Example: "  kici-admin org sources default", Args: cli.ExactlyOne("organisation"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			all, err := c.RelayedSources(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.show(all, func() {
				var rows [][]string
				for _, s := range all {
					rows = append(rows, []string{s.Name, s.RoutingKey, first(s.Cluster, "-"), fmt.Sprint(s.Connected), s.WebhookURL})
				}
				a.table("SOURCE\tROUTING KEY\tCLUSTER\tORCHESTRATORS\tWEBHOOK", rows)
			})
		},
	}
}

func (a *app) orgDeliveriesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "deliveries <org>", Short: "List the newest deliveries that came to the relay", Long: "Lists what the relay remembers of deliveries: never what was in them.",
		Example: "  kici-admin org deliveries default", Args: cli.ExactlyOne("organisation"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			all, err := c.RelayedDeliveries(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.show(all, func() {
				var rows [][]string
				for _, d := range all {
					rows = append(rows, []string{stamp(&d.ReceivedAt), fmt.Sprint(d.Status), first(d.Result, "-"), d.RoutingKey, first(d.Event, "-"), fmt.Sprint(d.Size), d.ID})
				}
				a.table("RECEIVED\tSTATUS\tVERDICT\tROUTING KEY\tEVENT\tBYTES\tDELIVERY", rows)
			})
		},
	}
}
