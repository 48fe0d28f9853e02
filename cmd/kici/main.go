// Command kici compiles TypeScript workflows and runs them. It holds nothing
// but the way in: the commands are in cmd/internal/cli/author, what they do is
// kici/author. A job's child process is this same binary, which is why the
// first line asks whether it is one.
package main

import (
	"context"
	"os"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/cmd/internal/cli/author"
	"github.com/kici-dev/kici-go/kici"
)

func main() {
	if handled, err := kici.ServeChild(context.Background(), os.Args, os.Stdin, os.Stdout); handled {
		os.Exit(cli.ExitCode(err))
	}
	os.Exit(author.Main(cli.FromOS()))
}
