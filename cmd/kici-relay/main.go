// Command kici-relay is the relay as a service. It holds nothing but the way in:
// settings, logs and signals are in cmd/internal/cli/service, what it does is the
// library type in kici. It starts no children.
package main

import (
	"os"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/cmd/internal/cli/service"
)

func main() {
	os.Exit(service.Relay(cli.Resident()))
}
