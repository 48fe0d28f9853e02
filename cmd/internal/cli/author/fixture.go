package author

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/lockfile/event"
)

func (a *app) fixtureCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "fixture <event>",
		Short: "Print a typical payload of an event",
		Long: `Prints the payload that an event typically carries, as JSON to start a fixture of
your own from. Feed an edited one back with 'kici run local <event> --payload'.`,
		Example: `  kici fixture pr:open
  kici fixture push --output fixtures/push.json
  kici fixture generic_webhook:stripe
  kici fixture push | jq .ref`,
		Args:              exactlyOne("event, such as push or pr:open"),
		ValidArgsFunction: a.completeEvents,
		RunE: func(_ *cobra.Command, args []string) error {
			arg, err := parseEvent(args[0])
			if err != nil {
				return err
			}
			text := pretty(event.Fixture(arg, a.repository()))
			if output == "" {
				_, err = io.WriteString(a.Stdout, text)
				return err
			}
			a.banner()
			if err := a.Disk.Write(output, text, 0o644); err != nil {
				return err
			}
			fmt.Fprintf(a.Stdout, "%s Wrote %s\n", a.style.Green("✓"), output)
			return nil
		},
	}
	cmd.Flags().StringVar(&output, "output", "", "write to this file instead of the terminal")
	return cmd
}
