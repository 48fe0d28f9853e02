package admin

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (a *app) deadLetterCommand() *cobra.Command {
	return group("event-dlq", "Internal events that could not be handed over", `An internal event (a finished workflow, ctx.emit, a lifecycle event) that fails five
times is given up and kept here. It starts nothing until it is tried again.`,
		`  kici-admin event-dlq list
  kici-admin event-dlq retry 1234`, a.deadLetterListCommand(), a.deadLetterCountCommand(),
		a.oneDeadLetter("retry", "Try an event again, from the first try on", "is tried again", (*adminclient.Client).RetryDeadLetter),
		a.oneDeadLetter("discard", "Give an event up for good", "is discarded", (*adminclient.Client).DiscardDeadLetter))
}

func (a *app) deadLetterListCommand() *cobra.Command {
	var limit int
	var before int64
	cmd := &cobra.Command{
		Use: "list", Short: "List them, newest first", Example: "  kici-admin event-dlq list --limit 200 --json", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			all, err := c.DeadLetters(cmd.Context(), limit, before)
			if err != nil {
				return err
			}
			return a.show(all, func() {
				var rows [][]string
				for i := range all {
					d := &all[i]
					rows = append(rows, []string{strconv.FormatInt(d.ID, 10), stamp(&d.CreatedAt), d.Kind, first(d.RunID, "-"), d.Reason})
				}
				a.table("EVENT\tAT\tKIND\tRUN\tREASON", rows)
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "how many, at most 200")
	cmd.Flags().Int64Var(&before, "before", 0, "only those before this one: the last id of the page before")
	return cmd
}

func (a *app) deadLetterCountCommand() *cobra.Command {
	return &cobra.Command{
		Use: "count", Short: "Say how many there are", Example: "  kici-admin event-dlq count", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			n, err := c.CountDeadLetters(cmd.Context())
			if err != nil {
				return err
			}
			return a.show(map[string]int{"count": n}, func() { fmt.Fprintln(a.Stdout, n) })
		},
	}
}

// oneDeadLetter is a command that does something to one event.
func (a *app) oneDeadLetter(use, short, done string, f func(*adminclient.Client, context.Context, int64) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " <event>", Short: short, Example: "  kici-admin event-dlq " + use + " 1234", Args: cli.ExactlyOne("event id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return &cli.UsageError{Message: fmt.Sprintf("%q is not the id of an event", args[0]), Hint: "'kici-admin event-dlq list' shows them"}
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			if err := f(c, cmd.Context(), id); err != nil {
				return err
			}
			return a.show(map[string]any{"event": id, "action": use}, func() { fmt.Fprintf(a.Stdout, "Event %d %s.\n", id, done) })
		},
	}
}
