package author

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (a *app) cancelCommand() *cobra.Command {
	var q adminclient.AuthorCancel
	cmd := &cobra.Command{
		Use: "cancel [run-id]", Short: "Cancel a run on a server, or all runs of a branch",
		Long: `Asks the orchestrator that you are logged in to. Hooks of the jobs run; with --force
everything is killed at once. --branch concerns the repository of this folder, by its
remote origin; --repo names another, and without either all that your key may see.`,
		Example: `  kici cancel RUN
  kici cancel RUN --force
  kici cancel --branch feature/wip`,
		Args: atMostOne("run id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 1) == (q.Branch != "") {
				return &cli.UsageError{Message: "say which run, or with --branch which branch", Hint: "'kici cancel --help' has examples"}
			}
			if len(args) == 1 {
				q.RunID, q.Repo = args[0], ""
			} else if q.Repo == "" {
				q.Repo = a.originRepo()
			}
			return a.Interruptible(cmd.Context(), func(ctx context.Context) error { return a.cancel(ctx, q) })
		},
	}
	f := cmd.Flags()
	f.BoolVar(&q.Force, "force", false, "kill at once, without hooks")
	f.StringVar(&q.Branch, "branch", "", "cancel all unfinished runs of this branch")
	f.StringVar(&q.Repo, "repo", "", "repository of the branch, owner/name (default that of the remote origin)")
	return cmd
}

// originRepo is owner/name of the remote origin, if there is one.
func (a *app) originRepo() string {
	at, ok := a.git("config", "--get", "remote.origin.url")
	if !ok {
		return ""
	}
	at = strings.TrimSuffix(strings.TrimSuffix(at, "/"), ".git")
	parts := strings.FieldsFunc(at, func(r rune) bool { return r == '/' || r == ':' })
	if len(parts) < 2 {
		return ""
	}
	return strings.Join(parts[len(parts)-2:], "/")
}

func (a *app) cancel(ctx context.Context, q adminclient.AuthorCancel) error {
	c, err := a.credentials()
	if err != nil {
		return err
	}
	server, err := c.server()
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, askTimeout)
	defer stop()
	done, err := server.Cancel(ctx, q)
	if err != nil {
		return a.advise(err)
	}
	if len(done.RunIDs) == 0 {
		where := "branch " + q.Branch
		if q.Repo != "" {
			where += " of " + q.Repo
		}
		fmt.Fprintf(a.Stdout, "Nothing runs on %s.\n", where)
		return nil
	}
	for _, id := range done.RunIDs {
		fmt.Fprintf(a.Stdout, "%s Run %s is being cancelled.\n", a.style.Green("✓"), id)
	}
	return nil
}
