package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (a *app) runsCommand() *cobra.Command {
	return group("runs", "What was started, how it went, and its logs", "A run is one workflow that was started for one event. It is named by its id; 'latest' is the newest.",
		`  kici-admin runs list --status failed --since 24h
  kici-admin runs show RUN
  kici-admin runs logs RUN --follow
  kici-admin runs rerun RUN --failed`,
		a.runsListCommand(), a.runsShowCommand(), a.runsJobsCommand(), a.runsLogsCommand(), a.runsCancelCommand(), a.runsRerunCommand(), a.runsExplainCommand())
}

func (a *app) runsListCommand() *cobra.Command {
	var f adminclient.RunFilter
	var since string
	var count bool
	cmd := &cobra.Command{
		Use: "list", Short: "List runs, newest first", Args: cli.NoArgs,
		Example: `  kici-admin runs list --status running,pending
  kici-admin runs list --workflow-name ci --repo owner/name --limit 100 --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if f.Since, err = moment(since); err != nil {
				return err
			}
			all, err := c.Runs(cmd.Context(), f)
			if err != nil {
				return err
			}
			if count {
				return a.show(map[string]int{"count": len(all)}, func() { fmt.Fprintln(a.Stdout, len(all)) })
			}
			return a.show(all, func() {
				var rows [][]string
				for i := range all {
					r := &all[i]
					rows = append(rows, []string{r.ID, r.Workflow, r.Status, r.Repo, shortRef(r.Ref) + "@" + short(r.SHA), stamp(&r.CreatedAt), took(r.StartedAt, r.FinishedAt)})
				}
				a.table("RUN\tWORKFLOW\tSTATUS\tREPO\tREF\tCREATED\tTOOK", rows)
			})
		},
	}
	g := cmd.Flags()
	g.StringSliceVar(&f.Status, "status", nil, "only these: pending, running, success, failed, cancelled, skipped, …")
	g.StringVar(&f.Workflow, "workflow-name", "", "only this workflow")
	g.StringVar(&f.Repo, "repo", "", "only this repository")
	g.StringVar(&since, "since", "", "not older than a time or a duration, such as 24h")
	g.IntVar(&f.Limit, "limit", 20, "how many, at most 100")
	g.IntVar(&f.Offset, "offset", 0, "how many to pass over")
	g.BoolVar(&count, "count", false, "print only how many those are")
	return cmd
}

// moment reads a time, or a duration before now.
func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		return time.Now().Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &cli.UsageError{Message: fmt.Sprintf("%q is neither a time nor a duration", text), Hint: "write 24h, 2026-01-31 or 2026-01-31T15:04:05Z"}
}

func short(sha string) string { return sha[:min(len(sha), 8)] }

func shortRef(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/tags/")
}

func took(from, to *time.Time) string {
	if from == nil || to == nil {
		return "-"
	}
	return to.Sub(*from).Round(time.Millisecond).String()
}

// oneRun is a command about one run.
func (a *app) oneRun(use, short, example string, f func(cmd *cobra.Command, c *adminclient.Client, id string) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " <run>", Short: short, Example: example, Args: cli.ExactlyOne("run id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			id, err := named(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			return f(cmd, c, id)
		},
	}
}

// latest stands for the newest run.
const latest = "latest"

func named(ctx context.Context, c *adminclient.Client, id string) (string, error) {
	if id != latest {
		return id, nil
	}
	all, err := c.Runs(ctx, adminclient.RunFilter{Limit: 1})
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", errors.New("nothing has run yet")
	}
	return all[0].ID, nil
}

func (a *app) runsShowCommand() *cobra.Command {
	return a.oneRun("show", "Show a run with its jobs and steps", "  kici-admin runs show RUN --json", func(cmd *cobra.Command, c *adminclient.Client, id string) error {
		r, err := c.Run(cmd.Context(), id)
		if err != nil {
			return err
		}
		return a.show(r, func() {
			fmt.Fprintf(a.Stdout, "%s %s\n", a.style.Bold(r.Workflow), a.outcome(r.Status))
			for _, row := range [][2]string{{"run", r.ID}, {"reason", r.Reason}, {"repo", r.Repo}, {"ref", r.Ref}, {"sha", r.SHA}, {"delivery", r.DeliveryID},
				{"repeats", r.ParentRunID}, {"group", r.Group}, {"created", stamp(&r.CreatedAt)}, {"took", took(r.StartedAt, r.FinishedAt)}} {
				if row[1] != "" {
					fmt.Fprintf(a.Stdout, "  %-9s %s\n", row[0], row[1])
				}
			}
			a.showJobs(r.Jobs)
		})
	})
}

func (a *app) outcome(status string) string {
	switch status {
	case "success":
		return a.style.Green(status)
	case "failed", "cancelled", "timed_out_stale":
		return a.style.Red(status)
	}
	return a.style.Yellow(status)
}

func (a *app) showJobs(jobs []adminclient.Job) {
	for i := range jobs {
		j := &jobs[i]
		fmt.Fprintf(a.Stdout, "  %s %s  %s\n", a.style.Bold(j.Name), a.outcome(j.Status), took(j.StartedAt, j.FinishedAt))
		if j.Reason != "" {
			fmt.Fprintf(a.Stdout, "      %s\n", j.Reason)
		}
		for _, s := range j.Steps {
			fmt.Fprintf(a.Stdout, "    %3d %s %s  %s\n", s.Index, s.Name, a.outcome(s.Status), took(s.StartedAt, s.FinishedAt))
			if s.Error != "" {
				fmt.Fprintf(a.Stdout, "        %s\n", s.Error)
			}
		}
	}
}

func (a *app) runsJobsCommand() *cobra.Command {
	var steps bool
	cmd := a.oneRun("jobs", "List the jobs of a run", "  kici-admin runs jobs RUN --include-steps", func(cmd *cobra.Command, c *adminclient.Client, id string) error {
		r, err := c.Run(cmd.Context(), id)
		if err != nil {
			return err
		}
		for i := range r.Jobs {
			if !steps {
				r.Jobs[i].Steps = nil
			}
		}
		return a.show(r.Jobs, func() { a.showJobs(r.Jobs) })
	})
	cmd.Flags().BoolVar(&steps, "include-steps", false, "with their steps")
	return cmd
}

func (a *app) runsLogsCommand() *cobra.Command {
	var f adminclient.LogFilter
	var step int
	cmd := a.oneRun("logs", "Print the log of a run", `  kici-admin runs logs RUN --follow
  kici-admin runs logs RUN --job build --step 2 --tail 100
  kici-admin runs logs RUN --json | jq -r .text`, nil)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := a.client()
		if err != nil {
			return err
		}
		id, err := named(cmd.Context(), c, args[0])
		if err != nil {
			return err
		}
		if cmd.Flags().Changed("step") {
			f.Step = &step
		}
		lanes := map[string]string{}
		for l, err := range c.Logs(cmd.Context(), id, f) {
			if err != nil {
				return err
			}
			if a.json {
				if err := a.compact(l); err != nil {
					return err
				}
				continue
			}
			if f.Job == "" {
				if lanes[l.Job] == "" {
					lanes[l.Job] = a.style.Lane(len(lanes), "["+l.Job+"]")
				}
				fmt.Fprint(a.Stdout, lanes[l.Job], " ")
			}
			if _, err := fmt.Fprintln(a.Stdout, l.Text); err != nil {
				return err
			}
		}
		return nil
	}
	g := cmd.Flags()
	g.StringVar(&f.Job, "job", "", "only this job")
	g.IntVar(&step, "step", 0, "only this step, by its number")
	g.IntVar(&f.Tail, "tail", 0, "only the last lines of each job")
	g.BoolVarP(&f.Follow, "follow", "f", false, "go on until the run has finished")
	return cmd
}

func (a *app) runsCancelCommand() *cobra.Command {
	var q adminclient.Cancel
	cmd := a.oneRun("cancel", "Cancel a run, with its hooks", "  kici-admin runs cancel RUN --reason 'wrong branch'", func(cmd *cobra.Command, c *adminclient.Client, id string) error {
		n, err := c.CancelRun(cmd.Context(), id, q)
		if err != nil {
			return err
		}
		return a.show(map[string]any{"runId": id, "jobs": n}, func() { fmt.Fprintf(a.Stdout, "Run %s is being cancelled: %d jobs.\n", id, n) })
	})
	cmd.Flags().StringVar(&q.Reason, "reason", "", "what the run will say")
	cmd.Flags().BoolVar(&q.Force, "force", false, "at once, without hooks")
	return cmd
}

func (a *app) runsRerunCommand() *cobra.Command {
	var failed bool
	cmd := a.oneRun("rerun", "Repeat a finished run at its own commit", "  kici-admin runs rerun RUN --failed", func(cmd *cobra.Command, c *adminclient.Client, id string) error {
		made, err := c.RerunRun(cmd.Context(), id, failed)
		if err != nil {
			return err
		}
		return a.show(map[string]string{"runId": made}, func() { fmt.Fprintln(a.Stdout, made) })
	})
	cmd.Flags().BoolVar(&failed, "failed", false, "only the jobs that failed, and what needs them")
	return cmd
}

func (a *app) runsExplainCommand() *cobra.Command {
	return a.oneRun("explain", "Say why a run was started, and others were not", "  kici-admin runs explain RUN", func(cmd *cobra.Command, c *adminclient.Client, id string) error {
		d, err := c.ExplainRun(cmd.Context(), id)
		if err != nil {
			return err
		}
		return a.show(d, func() { a.showDelivery(&d) })
	})
}
