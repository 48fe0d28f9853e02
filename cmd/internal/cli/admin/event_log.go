package admin

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (a *app) eventLogCommand() *cobra.Command {
	return group("event-log", "Every delivery that came in, and what became of it", "The event log holds every delivery with its payload, the decisions and the runs.",
		`  kici-admin event-log list --status failed
  kici-admin event-log show DELIVERY --include-payload`, a.eventLogListCommand(), a.eventLogShowCommand())
}

func (a *app) eventLogListCommand() *cobra.Command {
	var f adminclient.DeliveryFilter
	var from, to, org string
	var archived bool
	cmd := &cobra.Command{
		Use: "list", Short: "List deliveries, newest first", Example: "  kici-admin event-log list --event push --from 24h", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if f.From, err = moment(from); err != nil {
				return err
			}
			if f.To, err = moment(to); err != nil {
				return err
			}
			all, err := c.Deliveries(cmd.Context(), f)
			if err != nil {
				return err
			}
			return a.show(all, func() {
				var rows [][]string
				for i := range all {
					d := &all[i]
					rows = append(rows, []string{d.ID, stamp(&d.ReceivedAt), d.Provider, first(d.Event, "-"), d.Status, fmt.Sprint(d.Matched), first(d.Repo, "-"), d.Error})
				}
				a.table("DELIVERY\tRECEIVED\tKIND\tEVENT\tSTATUS\tMATCHED\tREPO\tERROR", rows)
			})
		},
	}
	g := cmd.Flags()
	g.StringVar(&org, "org", "", "organisation; there is one, so it changes nothing")
	g.StringVar(&f.RoutingKey, "routing-key", "", "only those of a source")
	g.StringVar(&f.Event, "event", "", "only this event")
	g.StringVar(&f.Status, "status", "", "only these: received, processed, duplicate, lockfile_missing, lockfile_corrupt, failed")
	g.StringVar(&f.DeliveryID, "delivery-id", "", "by its id, or the sender's")
	g.StringVar(&from, "from", "", "not older than a time or a duration, such as 24h")
	g.StringVar(&to, "to", "", "older than a time or a duration")
	g.IntVar(&f.Limit, "limit", 20, "how many, at most 100")
	g.IntVar(&f.Offset, "offset", 0, "how many to pass over")
	g.BoolVar(&archived, "include-archived", false, "and archived ones; entries are removed when they are old, so it changes nothing")
	return cmd
}

func (a *app) eventLogShowCommand() *cobra.Command {
	var payload bool
	var org, key string
	cmd := &cobra.Command{
		Use: "show <delivery>", Short: "Show a delivery with its decisions and runs", Example: "  kici-admin event-log show DELIVERY --include-payload --json",
		Args: cli.ExactlyOne("delivery id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			d, err := c.Delivery(cmd.Context(), args[0], payload)
			if err != nil {
				return err
			}
			return a.show(d, func() { a.showDelivery(&d) })
		},
	}
	g := cmd.Flags()
	g.BoolVar(&payload, "include-payload", false, "with headers and body as they came")
	g.StringVar(&org, "org", "", "organisation; there is one, so it changes nothing")
	g.StringVar(&key, "routing-key", "", "routing key; ids are unique, so it changes nothing")
	return cmd
}

func (a *app) showDelivery(d *adminclient.Delivery) {
	fmt.Fprintf(a.Stdout, "%s %s\n", a.style.Bold(first(d.Event, "delivery")), a.outcome(d.Status))
	for _, row := range [][2]string{{"delivery", d.ID}, {"sender's", d.Key}, {"kind", d.Provider}, {"repo", d.Repo}, {"ref", d.Ref}, {"sha", d.SHA},
		{"received", stamp(&d.ReceivedAt)}, {"size", fmt.Sprintf("%d bytes", d.PayloadSize)}, {"error", d.Error}} {
		if row[1] != "" {
			fmt.Fprintf(a.Stdout, "  %-9s %s\n", row[0], row[1])
		}
	}
	for _, t := range d.Trace {
		fmt.Fprintf(a.Stdout, "Decisions%s:\n", at(t))
		if t.Problem != "" {
			fmt.Fprintf(a.Stdout, "  %s %s\n", a.style.Red("!"), t.Problem)
		}
		for _, x := range t.Decisions {
			a.showDecision(&x)
		}
	}
	for i := range d.Runs {
		fmt.Fprintf(a.Stdout, "Run %s %s %s\n", d.Runs[i].ID, d.Runs[i].Workflow, a.outcome(d.Runs[i].Status))
	}
	for _, name := range slices.Sorted(maps.Keys(d.Headers)) {
		fmt.Fprintf(a.Stdout, "%s: %s\n", name, strings.Join(d.Headers[name], ", "))
	}
	if d.Payload != "" {
		fmt.Fprintf(a.Stdout, "\n%s\n", d.Payload)
	}
}

func at(t adminclient.Trace) string {
	if t.Repo == "" {
		return ""
	}
	return " for " + t.Repo + " at " + short(t.SHA)
}

func (a *app) showDecision(x *adminclient.Decision) {
	if x.Matched {
		fmt.Fprintf(a.Stdout, "  %s %s matched\n", a.style.Green("✓"), x.Workflow)
		return
	}
	fmt.Fprintf(a.Stdout, "  %s %s skipped, %s\n", a.style.Yellow("○"), x.Workflow, x.Summary)
	for _, c := range x.Checks {
		if c.Passed {
			continue
		}
		if c.Reason != "" {
			fmt.Fprintf(a.Stdout, "      ✗ %s - %s\n", c.Check, c.Reason)
			continue
		}
		fmt.Fprintf(a.Stdout, "      ✗ %s - %s vs %q\n", c.Check, c.Pattern, c.Value)
	}
}

// compact prints one value as a line of JSON.
func (a *app) compact(v any) error { return json.NewEncoder(a.Stdout).Encode(v) }
