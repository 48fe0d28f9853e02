// Command child is what runs in the containers of the tests: the child half
// of kici and nothing else.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/kici-dev/kici-go/kici"
)

func main() {
	if _, err := kici.ServeChild(context.Background(), os.Args, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
