package author

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

type statusFlags struct {
	Logs, JSON bool
	Job        string
}

func (a *app) statusCommand() *cobra.Command {
	var o statusFlags
	cmd := &cobra.Command{
		Use: "status <run-id>", Short: "Show how a run on a server goes, and why it failed",
		Long: `Asks the orchestrator that you are logged in to. When it cannot be asked, the run is
shown as it was when it was asked about last. With --logs the lines of a run that is
under way are shown as they come, until it has finished.`,
		Example: `  kici status RUN
  kici status RUN --logs --job build
  kici status RUN --json | jq -r .run.status`,
		Args: exactlyOne("run id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.Interruptible(cmd.Context(), func(ctx context.Context) error { return a.status(ctx, args[0], o) })
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.Logs, "logs", false, "show the log: all of a finished run, and as it comes of one under way")
	f.StringVar(&o.Job, "job", "", "only the log of this job")
	f.BoolVar(&o.JSON, "json", false, "print JSON and nothing else")
	return cmd
}

// statusReport is the document of --json.
type statusReport struct {
	Auth   identity              `json:"auth"`
	Source string                `json:"source"` // orchestrator or history
	Run    *adminclient.Run      `json:"run"`
	Logs   []adminclient.LogLine `json:"logs,omitempty"`
}

func (a *app) status(ctx context.Context, id string, o statusFlags) error {
	c, err := a.credentials()
	if err != nil {
		return err
	}
	report := statusReport{Auth: c.identity(time.Now()), Source: "orchestrator"}
	server, why := c.server()
	if why == nil {
		var r adminclient.Run
		if r, why = askRun(ctx, server, id); why == nil {
			report.Run = &r
			a.remember(&r)
		}
	}
	if why != nil {
		if report.Run = a.remembered(id); report.Run == nil || refusedKey(why) {
			return a.advise(why)
		}
		report.Source = "history"
		if !o.JSON {
			fmt.Fprintf(a.Stderr, "%s the orchestrator could not be asked (%v); this is what was known last\n", a.style.Yellow("warning:"), why)
		}
	}
	if o.JSON {
		return a.statusJSON(ctx, server, &report, o)
	}
	a.banner()
	a.showAuth(c)
	fmt.Fprintln(a.Stdout)
	a.showRun(report.Run)
	if !o.Logs {
		return nil
	}
	if report.Source == "history" {
		return &cli.HintedError{Err: errors.New("the log lies on the orchestrator, which could not be asked"), Hint: "try again when it can be reached"}
	}
	fmt.Fprintln(a.Stdout)
	return a.showLogs(ctx, server, report.Run, o)
}

func askRun(ctx context.Context, server *adminclient.Author, id string) (adminclient.Run, error) {
	ctx, stop := context.WithTimeout(ctx, askTimeout)
	defer stop()
	return server.Run(ctx, id)
}

func refusedKey(err error) bool {
	return errors.Is(err, &adminclient.Error{Status: http.StatusUnauthorized})
}

// advise adds what to do about an answer of an orchestrator, or about none.
func (a *app) advise(err error) error {
	var answer *adminclient.Error
	var hinted *cli.HintedError
	switch {
	case errors.As(err, &hinted):
		return err
	case errors.As(err, &answer):
		return &cli.HintedError{Err: err, Hint: answer.Hint}
	}
	return &cli.HintedError{Err: err, Hint: "is the orchestrator running, and is the endpoint in " + a.configDir() + "/config its address?"}
}

func (a *app) statusJSON(ctx context.Context, server *adminclient.Author, report *statusReport, o statusFlags) error {
	if o.Logs && report.Source == "orchestrator" {
		for l, err := range server.Logs(ctx, report.Run.ID, adminclient.LogFilter{Job: o.Job}) {
			if err != nil {
				return a.advise(err)
			}
			report.Logs = append(report.Logs, l)
		}
	}
	return a.printJSON(report)
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func (a *app) showRun(r *adminclient.Run) {
	fmt.Fprintf(a.Stdout, "%s %s\n", a.style.Bold(r.Workflow), a.outcome(r.Status))
	rows := [][2]string{{"Run", r.ID}, {"Repo", r.Repo}, {"Ref", r.Ref}, {"Commit", r.SHA}, {"Repeats", r.ParentRunID}, {"Cancelled by", r.CancelledBy},
		{"Created", r.CreatedAt.Local().Format(time.DateTime)}}
	if r.StartedAt != nil && r.FinishedAt != nil {
		rows = append(rows, [2]string{"Took", r.FinishedAt.Sub(*r.StartedAt).Round(time.Millisecond).String()})
	}
	if r.Reason != "" {
		rows = append(rows, [2]string{"Reason", r.Reason})
	}
	for _, row := range rows {
		if row[1] != "" {
			fmt.Fprintf(a.Stdout, "  %s: %s\n", row[0], row[1])
		}
	}
	for i := range r.Jobs {
		j := &r.Jobs[i]
		fmt.Fprintf(a.Stdout, "  %s %s\n", a.style.Bold(j.Name), a.outcome(j.Status))
		if j.Reason != "" {
			fmt.Fprintf(a.Stdout, "      %s\n", j.Reason)
		}
		for _, s := range j.Steps {
			fmt.Fprintf(a.Stdout, "    %3d %s %s\n", s.Index, s.Name, a.outcome(s.Status))
			if s.Error != "" {
				fmt.Fprintf(a.Stdout, "        %s\n", s.Error)
			}
		}
	}
}

// outcome colours a status.
func (a *app) outcome(status string) string {
	switch status {
	case "success":
		return a.style.Green(status)
	case "failed", "cancelled", "timed_out_stale":
		return a.style.Red(status)
	}
	return a.style.Yellow(status)
}

func (a *app) showLogs(ctx context.Context, server *adminclient.Author, r *adminclient.Run, o statusFlags) error {
	lanes := map[string]string{}
	for l, err := range server.Logs(ctx, r.ID, adminclient.LogFilter{Job: o.Job, Follow: r.FinishedAt == nil}) {
		if err != nil {
			return a.advise(err)
		}
		if o.Job == "" {
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
