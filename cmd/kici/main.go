// Command kici compiles TypeScript workflows and runs them. It holds nothing
// but the way in: the commands are in cmd/internal/cli/author, what they do is
// kici/author. A job's child process is this same binary, which is why the
// first line asks whether it is one.
package main

import (
	"os"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/cmd/internal/cli/author"
)

func main() {
	os.Exit(author.Main(cli.FromOS()))
}
