package author

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

func (a *app) adminCommand() *cobra.Command {
	return a.group("admin", "For operators of running instances", "Most of what operators need is in kici-admin.",
		"  kici admin drain-worker --url http://worker-host:10143", a.drainWorkerCommand())
}

func (a *app) drainWorkerCommand() *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use: "drain-worker", Short: "Ask a worker to take no more jobs and end",
		Example: `  kici admin drain-worker --url http://localhost:10143
  kici admin drain-worker --url http://worker-2.internal:10143`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if at == "" {
				return &cli.UsageError{Message: "--url is needed", Hint: "the worker's address, such as http://worker-host:10143"}
			}
			if err := checkEndpoint("url", &at); err != nil {
				return err
			}
			return a.Interruptible(cmd.Context(), func(ctx context.Context) error { return a.drainWorker(ctx, at) })
		},
	}
	cmd.Flags().StringVar(&at, "url", "", "address of the worker, http://worker-host:10143")
	return cmd
}

// maxRefusal bounds what is shown of an answer.
const maxRefusal = 500

func (a *app) drainWorker(ctx context.Context, at string) error {
	ctx, stop := context.WithTimeout(ctx, askTimeout)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at+"/drain", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return &cli.HintedError{Err: err, Hint: "is the worker running, and is --url its address?"}
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	if res.StatusCode >= 300 {
		text, _ := io.ReadAll(io.LimitReader(res.Body, maxRefusal)) // what came will do
		return fmt.Errorf("%s answers with status %d: %s", at, res.StatusCode, strings.TrimSpace(string(text)))
	}
	fmt.Fprintf(a.Stdout, "%s %s takes no more jobs and ends when its last one is over.\n", a.style.Green("✓"), at)
	return nil
}
