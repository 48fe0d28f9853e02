package admin

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (a *app) diagnoseCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diagnose", Short: "Look at what usually is the matter",
		Long:    "Has the orchestrator look at itself. Exit code 0 means that all is well, 1 that something is worth a look, 2 that something does not work.",
		Example: "  kici-admin diagnose", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			d, err := c.Diagnose(cmd.Context())
			if err != nil {
				return err
			}
			err = a.show(d, func() {
				signs := map[string]string{adminclient.OK: a.style.Green("✓"), adminclient.Warn: a.style.Yellow("!"), adminclient.Fail: a.style.Red("✗")}
				for _, p := range d.Checks {
					fmt.Fprintf(a.Stdout, "%s %-9s %s\n", signs[p.Status], p.Name, p.Message)
				}
			})
			switch {
			case err != nil:
				return err
			case d.Status == adminclient.Fail:
				return cli.ErrUnwell
			case d.Status == adminclient.Warn:
				return cli.ErrReported
			}
			return nil
		},
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Show the versions of kici-admin and of the orchestrator", Example: "  kici-admin version --json", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			v, err := c.Version(cmd.Context())
			if err != nil {
				return err
			}
			own := cli.ThisBuild().Version
			return a.show(map[string]any{"cli": own, "orchestrator": v.Version, "protocolVersion": v.Protocol}, func() {
				fmt.Fprintf(a.Stdout, "kici-admin v%s\norchestrator v%s, protocol %d\n", own, v.Version, v.Protocol)
			})
		},
	}
}
