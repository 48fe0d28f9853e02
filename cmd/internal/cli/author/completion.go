package author

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

func (a *app) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion <bash|zsh|fish|powershell>",
		Short: "Print the completion script of your shell",
		Long: `Prints a script that teaches your shell to complete kici's commands, options and
events. Load it from your shell's start-up file to have it always.`,
		Example: `  source <(kici completion bash)                                     this bash session
  kici completion bash > /etc/bash_completion.d/kici                 every bash session
  kici completion zsh > "${fpath[1]}/_kici"                          zsh
  kici completion fish > ~/.config/fish/completions/kici.fish        fish
  kici completion powershell | Out-String | Invoke-Expression        PowerShell`,
		ValidArgs: shells,
		Args:      exactlyOne("shell: bash, zsh, fish or powershell"),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.Stdout, true)
			case "zsh":
				return root.GenZshCompletion(a.Stdout)
			case "fish":
				return root.GenFishCompletion(a.Stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.Stdout)
			}
			return &cli.UsageError{
				Message: fmt.Sprintf("unknown shell %q", args[0]),
				Hint:    cli.DidYouMean(args[0], "shells", shells),
			}
		},
	}
}
