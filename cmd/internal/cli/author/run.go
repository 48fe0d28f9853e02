package author

import "github.com/spf13/cobra"

func (a *app) runCommand() *cobra.Command {
	return a.group("run", "Run workflows", `Runs workflows. 'kici run local' runs them here, without any server.`,
		`  kici run local push`, a.runLocalCommand())
}
