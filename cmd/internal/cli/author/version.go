package author

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the version and how this binary was built",
		Long: `Shows version, commit and platform of this binary. 'kici --version' prints the
version alone, for scripts.`,
		Example: `  kici version
  kici version --json
  kici --version`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			b := cli.ThisBuild()
			if asJSON {
				enc := json.NewEncoder(a.Stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(b)
			}
			fmt.Fprintf(a.Stdout, "kici v%s\n", b.Version)
			if b.Commit != "" {
				changed := ""
				if b.Modified {
					changed = " (with local changes)"
				}
				fmt.Fprintf(a.Stdout, "commit %s%s\n", b.Commit, changed)
			}
			fmt.Fprintf(a.Stdout, "%s %s\n", b.Go, b.Platform)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the same as JSON")
	return cmd
}
