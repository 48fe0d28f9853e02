package author

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

type workflowFlags struct {
	JSON                     bool
	Stale, TriggerType, Repo string
}

func (a *app) workflowsCommand() *cobra.Command {
	return a.group("workflows", "The workflows that a server knows", "Workflows are registered by a push to the default branch of their repository.",
		"  kici workflows list --stale 30d", a.workflowsListCommand())
}

func (a *app) workflowsListCommand() *cobra.Command {
	var o workflowFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List the workflows that are registered",
		Long: `Asks the orchestrator that you are logged in to which workflows stand in the lock
files of default branches.`,
		Example: `  kici workflows list
  kici workflows list --json
  kici workflows list --stale 30d
  kici workflows list --trigger-type schedule --repo my-org/my-repo`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.Interruptible(cmd.Context(), func(ctx context.Context) error { return a.listWorkflows(ctx, o) })
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.JSON, "json", false, "print JSON and nothing else")
	f.StringVar(&o.Stale, "stale", "", "only those that were not registered anew for so long, such as 30d")
	f.StringVar(&o.TriggerType, "trigger-type", "", "only those with a trigger of this type, such as push or schedule")
	f.StringVar(&o.Repo, "repo", "", "only those of a repository, owner/name")
	return cmd
}

func (a *app) listWorkflows(ctx context.Context, o workflowFlags) error {
	age, err := days(o.Stale)
	if err != nil {
		return err
	}
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
	all, err := server.Workflows(ctx, o.Repo, o.TriggerType)
	if err != nil {
		return a.advise(err)
	}
	if o.Stale != "" {
		all = slices.DeleteFunc(all, func(w adminclient.Workflow) bool { return time.Since(w.UpdatedAt) < age })
	}
	if o.JSON {
		return a.printJSON(append([]adminclient.Workflow{}, all...))
	}
	a.banner()
	if len(all) == 0 {
		fmt.Fprintln(a.Stdout, "No workflow is registered that fits. A push to a default branch registers its workflows.")
		return nil
	}
	w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WORKFLOW\tREPO\tTRIGGERS\tREF\tCOMMIT\tUPDATED")
	for _, f := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", f.Name, f.Repo, strings.Join(f.Triggers, ","), strings.TrimPrefix(f.Ref, "refs/heads/"),
			f.SHA[:min(len(f.SHA), 8)], f.UpdatedAt.Local().Format(time.DateTime))
	}
	return w.Flush()
}

// days reads a duration that may be in days or weeks.
func days(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if n, err := strconv.ParseUint(strings.TrimSuffix(text, unit), 10, 16); err == nil && strings.HasSuffix(text, unit) {
			return time.Duration(n) * length, nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d, nil
	}
	return 0, &cli.UsageError{Message: fmt.Sprintf("%q is not a duration", text), Hint: "write 30d, 2w or 12h"}
}
