// Command kici-agent is the agent as a service. It holds nothing but
// the way in: settings, logs and signals are in cmd/internal/cli/service, what
// it does is the library type in kici. Children are this same binary, which is
// why the first line asks whether it is one.
package main

import (
	"context"
	"os"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/cmd/internal/cli/service"
	"github.com/kici-dev/kici-go/kici"
)

func main() {
	if handled, err := kici.ServeChild(context.Background(), os.Args, os.Stdin, os.Stdout); handled {
		os.Exit(cli.ExitCode(err))
	}
	os.Exit(service.Agent(cli.Resident()))
}
