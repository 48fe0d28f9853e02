package admin

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

func (a *app) clusterNameCommand() *cobra.Command {
	cmd := group("cluster-name", "What people call this deployment",
		`A deployment has a name, which its orchestrators share. It is made up the first time,
or taken from KICI_CLUSTER_NAME, and changed here.`,
		`  kici-admin cluster-name get
  kici-admin cluster-name set frankfurt`, a.clusterNameGetCommand(), a.clusterNameSetCommand())
	cmd.Aliases = []string{"cluster"}
	return cmd
}

// format adds the documented way to ask for JSON.
func (a *app) format(cmd *cobra.Command) {
	var format string
	cmd.Flags().StringVar(&format, "format", "text", "text or json; as --json")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if format != "text" && format != "json" {
			return &cli.UsageError{Message: fmt.Sprintf("--format %q is neither text nor json", format)}
		}
		a.json = a.json || format == "json"
		return run(cmd, args)
	}
}

func (a *app) clusterNameGetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "get", Short: "Print the name", Example: "  kici-admin cluster-name get --format json", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			name, err := c.ClusterName(cmd.Context())
			if err != nil {
				return err
			}
			return a.show(map[string]string{"name": name}, func() { fmt.Fprintln(a.Stdout, name) })
		},
	}
	a.format(cmd)
	return cmd
}

func (a *app) clusterNameSetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "set <name>", Short: "Change the name: lower-case letters, digits and '-', at most 63", Example: "  kici-admin cluster-name set frankfurt", Args: cli.ExactlyOne("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if err := c.SetClusterName(cmd.Context(), args[0]); err != nil {
				return err
			}
			return a.show(map[string]string{"name": args[0]}, func() { fmt.Fprintf(a.Stdout, "The deployment is called %s.\n", args[0]) })
		},
	}
	a.format(cmd)
	return cmd
}
