// Command kici-admin manages an orchestrator over its admin API. It holds nothing
// but the way in: the commands are in cmd/internal/cli/admin, the API's client is
// kici/adminclient. It runs no jobs, so it has no children.
package main

import (
	"os"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/cmd/internal/cli/admin"
)

func main() { os.Exit(admin.Main(cli.FromOS())) }
